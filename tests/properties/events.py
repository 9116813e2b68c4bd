"""What owners, cameras, time and power cuts do to a world: events as plain data, so that a life can be lived again.

An event names what it is about by a number, taken modulo what there is; one that is about nothing does nothing.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from cloud_stub.errors import CloudError
from tests.properties.home_events import LinkTo, RemoveModule, SetAutoDelete, SetUp, Unlink, Upload
from tests.properties.lookups import OK
from tests.properties.plan_events import Attach, Buy, Cancel, Change, EndTrial, Meddle, PayWith, Reactivate
from tests.properties.process import PowerCutError
from tests.properties.world import World


@dataclass(frozen=True, slots=True)
class Advance:
    """Time goes on; with `off` the cloud is switched off meanwhile, and catches up."""

    minutes: int
    off: bool

    async def happen(self, world: World) -> str:
        lab, target = world.desks.lab, world.now + timedelta(minutes=self.minutes)
        if not self.off:
            await lab.advance_to(target)
            return OK
        async with world.desks.records.writing() as records:
            state = await records.leases.lab_clock()
            assert state is not None
            await records.leases.put_lab_clock(replace(state, now=target))
        await world.restart()
        return OK


Event = (
    SetUp
    | RemoveModule
    | Buy
    | Change
    | Attach
    | Cancel
    | Reactivate
    | EndTrial
    | SetAutoDelete
    | LinkTo
    | Unlink
    | PayWith
    | Meddle
    | Upload
    | Advance
)


@dataclass(frozen=True, slots=True)
class Cut:
    """The power fails in the n-th write of an event, before or after its commit; the cloud starts again."""

    event: Event
    write: int
    after_commit: bool

    async def happen(self, world: World) -> str:
        world.desks.records.left, world.desks.records.after_commit = self.write, self.after_commit
        try:
            said = await self.event.happen(world)
        except PowerCutError:
            said = "cut"
        finally:
            world.desks.records.left = None
        if said == "cut":
            await world.restart()
        return said


Step = Event | Cut


async def live(world: World, step: Step) -> str:
    """Let one thing happen, then do what is due as the due loop would; return `ok` or the code of the refusal."""
    status = 200
    try:
        said = await step.happen(world)
    except CloudError as refusal:
        said, status = refusal.code, refusal.status
    assert status < 500, said
    await world.desks.due.run_until(world.now)
    return said
