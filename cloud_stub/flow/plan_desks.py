"""Puts the desks for plans and money together, over one lease desk and one payment processor."""

from collections.abc import Callable
from dataclasses import dataclass

from cloud_stub.flow.buy_plan import PurchaseDesk
from cloud_stub.flow.cancel_plan import CancelDesk
from cloud_stub.flow.change_plan import PlanDesk
from cloud_stub.flow.claim_module import new_uuid
from cloud_stub.flow.invoice_to_payment import Fault, PaymentDesk, no_fault
from cloud_stub.flow.plan_periods import PeriodDesk
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.ports import Payments


@dataclass(frozen=True, slots=True)
class PlanDesks:
    """Everything that may be done with plans."""

    payments: PaymentDesk
    periods: PeriodDesk
    purchases: PurchaseDesk
    cancels: CancelDesk
    plans: PlanDesk


def plan_desks(
    desk: LeaseDesk, payments: Payments, new_id: Callable[[], str] = new_uuid, fault: Fault = no_fault
) -> PlanDesks:
    """Return the desks; `fault` is called between the steps of a payment, where a test may end the process."""
    paying = PaymentDesk(desk, payments, fault)
    periods = PeriodDesk(desk, paying)
    purchases = PurchaseDesk(desk, paying, new_id)
    cancels = CancelDesk(desk, paying)
    return PlanDesks(paying, periods, purchases, cancels, PlanDesk(desk, purchases, cancels, periods, new_id))
