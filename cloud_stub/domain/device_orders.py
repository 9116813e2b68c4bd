"""A cart of devices: the products of the emulated store, its made-up prices, and what a customer gets off."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_stub.domain.benefits import line_discount_minor
from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.store_records import OrderLine, ProductKind
from cloud_stub.errors import CloudError

CAMERA_MINOR = 5999
MOST_PIECES = 99
MOST_LINES = 50


@dataclass(frozen=True, slots=True)
class Product:
    """Something that the store sells, in minor units of the region's currency."""

    sku: str
    name: str
    kind: ProductKind
    unit_minor: int


OTHERS = (
    Product("wall_mount", "Wall mount", ProductKind.ACCESSORY, 1499),
    Product("battery_pack", "Battery pack", ProductKind.ACCESSORY, 2495),
    Product("other_camera", "Camera of another brand", ProductKind.THIRD_PARTY, 4999),
    Product("usb_drive", "USB drive of another brand", ProductKind.THIRD_PARTY, 1299),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line of a cart."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Cart:
    """What a cart comes to at checkout."""

    lines: tuple[OrderLine, ...]
    currency: str
    discount_minor: int
    total_minor: int


def products(catalog: Catalog, region_key: str) -> tuple[Product, ...]:
    """Return what the store sells in a region: the vendor's cameras, accessories, and things of others."""
    models = (catalog.models[key] for key in catalog.region(region_key).models)
    return (*(Product(model.key, model.name, ProductKind.CAMERA, CAMERA_MINOR) for model in models), *OTHERS)


def cart(catalog: Catalog, region_key: str, percent: int, wanted: Sequence[Wanted]) -> Cart:
    """Return a cart with the discount of each line, rounded down (R105, R106).

    CloudError 422 `order_empty`, `quantity_refused`; 404 `product_unknown`.
    """
    if not wanted:
        raise CloudError("order_empty", 422, "Choose something first.")
    known = {product.sku: product for product in products(catalog, region_key)}
    lines = []
    for each in wanted[: MOST_LINES + 1]:
        product = known.get(each.sku)
        if product is None:
            raise CloudError("product_unknown", 404, "The store has no such product in this country.")
        if not 1 <= each.quantity <= MOST_PIECES or len(wanted) > MOST_LINES:
            raise CloudError(
                "quantity_refused", 422, f"Order 1 to {MOST_PIECES} pieces of up to {MOST_LINES} products."
            )
        off = line_discount_minor(catalog, percent, product.kind, product.unit_minor * each.quantity)
        lines.append(OrderLine(product.sku, product.name, product.kind, each.quantity, product.unit_minor, off))
    discount_minor = sum(line.discount_minor for line in lines)
    gross = sum(line.unit_minor * line.quantity for line in lines)
    return Cart(tuple(lines), catalog.region(region_key).currency, discount_minor, gross - discount_minor)
