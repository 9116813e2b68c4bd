"""The JSON edge: an operation with its description, and the way in and out of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from cloud_stub.errors import CloudError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BodyT = TypeVar("BodyT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Operation:
    """One route of the API with what OpenAPI says of it; `security` is who may ask."""

    method: str
    path: str
    summary: str
    tag: str
    security: Literal["owner", "module", "lab", "nobody", "store"]
    handler: Handler | None = None
    request: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    is_list: bool = False
    status: int = 200
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    request_media_type: str | None = None
    media_type: str = "application/json"
    problems: tuple[int, ...] = ()


def add_operations(app: web.Application, operations: Sequence[Operation]) -> None:
    """Register the routes of operations that have a handler."""
    for operation in operations:
        if operation.handler is not None:
            app.router.add_route(operation.method, operation.path, operation.handler)


async def body_of(request: web.Request, model: type[BodyT]) -> BodyT:
    """Read and check a JSON body; CloudError 415 `wrong_content_type`, 400 `bad_json`, 422 `bad_body` (names keys)."""
    if request.content_type != "application/json":
        raise CloudError("wrong_content_type", 415, "Send JSON: `Content-Type: application/json`.")
    body = await request.read()  # JSON is UTF-8, whatever a charset says, and what is not UTF-8 is no JSON
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        if any(each["type"] == "json_invalid" for each in found):
            raise CloudError("bad_json", 400, "The body is not JSON.") from None
        told = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in found)
        raise CloudError("bad_body", 422, f"{told}.") from None


def answer(model: BaseModel, status: int = 200) -> web.Response:
    """Return a model as JSON."""
    return web.Response(text=model.model_dump_json(), status=status, content_type="application/json")


def answer_list(models: Sequence[BaseModel]) -> web.Response:
    """Return models as a JSON list."""
    text = "[" + ",".join(model.model_dump_json() for model in models) + "]"
    return web.Response(text=text, content_type="application/json")
