"""The services of an account by group, in the catalog's order (R135 to R139)."""

from cloud_stub.domain.catalog import Coverage, FeatureScope, Plan
from cloud_stub.flow.owner_billing import Billing
from cloud_stub.flow.store_memberships import took_place
from cloud_stub.web.billing_replies import invoice_replies, method_state
from cloud_stub.web.overview import Overview
from cloud_stub.web.plan_models import ServiceGroupReply, ServiceReply
from cloud_stub.web.plan_replies import is_live, price_replies, subscription_reply

PAYMENTS = "payments"


def service_groups(overview: Overview, billing: Billing) -> list[ServiceGroupReply]:
    """Return the groups; one without plans is for invoices and the payment method, added last if there is none."""
    plans = overview.catalog.plans.values()
    found = [_group(key, [plan for plan in plans if plan.group == key], overview) for key in overview.catalog.groups]
    money = next((group for group in found if not group.services), None)
    if money is None:
        money = ServiceGroupReply(group=PAYMENTS, services=[], invoices=None, payment=None)
        found.append(money)
    money.invoices = invoice_replies(billing)
    money.payment = method_state(billing, overview.now)
    return found


def _group(key: str, plans: list[Plan], overview: Overview) -> ServiceGroupReply:
    return ServiceGroupReply(
        group=key, services=[_service(plan, overview) for plan in plans], invoices=None, payment=None
    )


def _service(plan: Plan, overview: Overview) -> ServiceReply:
    own = [s for s in overview.situation.subscriptions if s.plan == plan.key and took_place(s)]
    return ServiceReply(
        service=plan.key,
        name=plan.name,
        included=plan.coverage is Coverage.FLOOR,
        features=features_of(plan, overview),
        prices=price_replies(plan, overview),
        per_camera=plan.priced_per_camera,
        keep_for_days_choices=list(plan.keep_for_days_choices),
        subscriptions=[subscription_reply(each, overview) for each in own if is_live(each, overview)],
    )


def features_of(plan: Plan, overview: Overview) -> list[str]:
    """Return the features that a plan gives in the account's region."""
    region = overview.region
    return [
        feature.key
        for feature in overview.catalog.features
        if plan.key in feature.granted_by
        and (
            feature.key in region.account_features
            if feature.scope is FeatureScope.ACCOUNT
            else not feature.by_model or bool(region.feature_models.get(feature.key))
        )
    ]
