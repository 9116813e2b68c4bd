"""R135..R152: services in a basket, cancelled by choice and taken back, with invoices that stay; C16, C17."""

from collections.abc import Mapping

from tests.rules.home import Home

MONITORING = {"plan": "professional_monitoring", "interval": "month"}
BACKUP = {"plan": "backup_connection", "interval": "month"}


def recording(*cameras: str, days: int = 7) -> dict[str, object]:
    return {
        "plan": "continuous_recording", "interval": "month", "keep_for_days": days, "camera_ids": list(cameras),
    }  # fmt: skip


async def services(home: Home) -> dict[str, Mapping[str, object]]:
    """Return the services by name."""
    return {each["service"]: each for group in await home.have("GET", "/api/v1/services") for each in group["services"]}


async def ordered(home: Home, *items: Mapping[str, object]) -> list[str]:
    return [each["subscription_id"] for each in (await home.order(*items))["subscriptions"]]


def cancellation(subscription_id: str) -> str:
    return f"/api/v1/subscriptions/{subscription_id}/cancellation"


async def test_R135_the_services_have_four_parts_in_order(protected: Home) -> None:
    groups = await protected.have("GET", "/api/v1/services")
    assert [group["group"] for group in groups] == ["included", "video", "security", "payments"]


async def test_R136_the_base_offer_is_free_and_records_clips_on_motion(protected: Home) -> None:
    module, (camera,) = await protected.settled("indoor_camera")
    assert {"sms", "around", "motion_video_cloud"} <= set(await protected.features(module, camera))
    assert await protected.storage(module, camera) == ("cloud", "free_tier")
    assert await protected.film(module, camera) in await protected.clips()
    included = (await services(protected))["included"]
    assert (included["included"], included["prices"]) == (True, [])
    assert await protected.invoices() == []


async def test_R137_continuous_recording_is_on_for_the_chosen_camera_alone(protected: Home) -> None:
    module, (first, second) = await protected.settled("indoor_camera", "indoor_camera")
    await protected.order(recording(first))
    assert "continuous_recording" in await protected.features(module, first)
    assert "continuous_recording" not in await protected.features(module, second)


async def test_R138_the_security_part_has_two_services(protected: Home) -> None:
    security = (await protected.have("GET", "/api/v1/services"))[2]
    assert [each["service"] for each in security["services"]] == ["backup_connection", "professional_monitoring"]
    module, (camera,) = await protected.settled("indoor_camera")
    await protected.order(BACKUP)
    given = await protected.features(module, camera)
    assert "backup_connection" in given
    assert "professional_monitoring" not in given


async def test_R139_the_payments_part_has_invoices_and_the_payment_method(protected: Home) -> None:
    await protected.order(MONITORING)
    payments = (await protected.have("GET", "/api/v1/services"))[3]
    assert [each["charged_minor"] for each in payments["invoices"]] == [1999]
    assert payments["payment"]["actions"] == ["change"]
    assert payments["payment"]["payment_method"]["last4"]


async def test_R140_C17_the_duration_and_the_cameras_are_chosen(protected: Home) -> None:
    module, (hall, yard, attic) = await protected.settled("indoor_camera", "outdoor_camera", "indoor_camera")
    for item, code in ((recording(hall, days=8), "duration_unknown"), (recording(), "cameras_needed")):
        wish = {"items": [item], "accept_terms": True, "payment_token": "tok_approve"}
        assert await protected.refusal("POST", "/api/v1/orders", wish) == (422, code)
    made = await protected.order(recording(hall, yard))
    assert made["invoice"]["charged_minor"] == 2 * 699, "seven days for two cameras"
    said = (await protected.lease(module))["cameras"]
    assert [said[camera]["storage"]["keep_for_days"] for camera in (hall, yard, attic)] == [7, 7, 1]
    assert (await services(protected))["continuous_recording"]["keep_for_days_choices"] == [1, 7, 30]
    chosen = {key for key, each in (await services(protected)).items() if each["keep_for_days_choices"]}
    assert chosen == {"continuous_recording"}, "this step exists for no other service"


async def test_R141_several_services_are_one_order(protected: Home) -> None:
    _, (hall,) = await protected.settled("indoor_camera")
    made = await protected.order(recording(hall), MONITORING)
    (invoice,) = await protected.invoices()
    assert [line["plan"] for line in invoice["lines"]] == ["continuous_recording", "professional_monitoring"]
    assert (invoice["order_id"], len(made["subscriptions"])) == (made["order_id"], 2)


async def test_R142_the_terms_are_accepted_and_the_exact_amount_is_charged(protected: Home) -> None:
    _, (hall,) = await protected.settled("indoor_camera")
    items: list[Mapping[str, object]] = [recording(hall), MONITORING]
    quoted = (await protected.quote(*items))["pay_now_minor"]
    body = {"items": items, "accept_terms": False, "payment_token": "tok_approve"}
    assert await protected.refusal("POST", "/api/v1/orders", body) == (422, "terms_not_accepted")
    assert await protected.invoices() == []
    made = await protected.order(*items, billing_address="1 rue des Lilas")
    assert (made["invoice"]["charged_minor"], made["invoice"]["billing_address"]) == (quoted, "1 rue des Lilas")
    assert quoted == 699 + 1999


async def test_R143_once_paid_the_next_lease_has_the_service(protected: Home) -> None:
    module, (hall,) = await protected.settled("indoor_camera")
    before = (await protected.lease(module))["seq"]
    for item, feature in ((recording(hall), "continuous_recording"), (BACKUP, "backup_connection")):
        assert feature not in (await protected.lease(module))["cameras"][hall]["features"]
        made = await protected.order(item)
        assert {each["status"] for each in made["subscriptions"]} == {"active"}
        after = await protected.lease(module)
        assert after["seq"] > before
        assert feature in after["cameras"][hall]["features"]
        before = after["seq"]


async def test_R144_C16_with_services_left_the_remaining_time_is_credited_on_the_next_invoice(protected: Home) -> None:
    """A month of 30 days from 14 April, ten of them used: 699 * 20 / 30."""
    await protected.later(days=31)
    _, (hall,) = await protected.settled("indoor_camera")
    cvr, monitoring = await ordered(protected, recording(hall), MONITORING)
    await protected.later(days=10)
    assert (await protected.cancel(cvr))["status"] == "ended"
    (note,) = await protected.credit_notes()
    assert (note["kind"], note["amount_minor"]) == ("credit", 466)
    assert (await protected.plan_of(monitoring))["status"] == "active"
    await protected.later(days=20)
    newest = (await protected.invoices())[-1]
    assert (newest["total_minor"], newest["charged_minor"]) == (1999, 1999 - 466)


async def test_R145_C16_the_last_paid_service_asks_when_and_the_others_do_not(protected: Home) -> None:
    first, second = await ordered(protected, BACKUP, MONITORING)
    assert (await protected.have("POST", cancellation(first), {}))["status"] == "ended"
    status, said = await protected.ask("POST", cancellation(second), {})
    assert (status, said["code"], said["modes"]) == (422, "cancel_mode_needed", ["now", "period_end"])
    assert (await protected.plan_of(second))["status"] == "active"


async def test_R146_C16_now_stops_the_last_service_and_gives_nothing_back(protected: Home) -> None:
    module, (hall,) = await protected.settled("indoor_camera")
    (plan,) = await ordered(protected, MONITORING)
    await protected.later(days=11)
    assert "professional_monitoring" in await protected.features(module, hall)
    assert (await protected.cancel(plan, "now"))["status"] == "ended"
    assert await protected.credit_notes() == []
    assert "professional_monitoring" not in await protected.features(module, hall)


async def test_R147_C16_at_the_periods_end_it_stops_by_itself(protected: Home) -> None:
    module, (hall,) = await protected.settled("indoor_camera")
    (plan,) = await ordered(protected, MONITORING)
    its = await protected.cancel(plan, "period_end")
    assert (its["cancel_at_period_end"], its["stops_at"][:10]) == (True, "2026-04-14")
    await protected.later(days=30)
    assert "professional_monitoring" in await protected.features(module, hall)
    await protected.later(days=1)
    assert (await protected.plan_of(plan))["status"] == "ended"
    assert "professional_monitoring" not in await protected.features(module, hall)
    assert await protected.credit_notes() == []
    assert len(await protected.invoices()) == 1


async def test_R148_a_service_that_is_being_cancelled_shows_the_day_it_stops(protected: Home) -> None:
    (plan,) = await ordered(protected, MONITORING)
    shown = (await services(protected))["professional_monitoring"]["subscriptions"]
    assert shown[0]["stops_at"] is None  # type: ignore[index] # JSON
    await protected.cancel(plan, "period_end")
    shown = (await services(protected))["professional_monitoring"]["subscriptions"]
    assert shown[0]["stops_at"].startswith("2026-04-14")  # type: ignore[index] # JSON


async def test_R149_it_can_be_taken_back_before_the_end_and_costs_nothing_more(protected: Home) -> None:
    module, (hall,) = await protected.settled("indoor_camera")
    (plan,) = await ordered(protected, MONITORING)
    before = await protected.features(module, hall)
    await protected.cancel(plan, "period_end")
    await protected.later(days=20)
    back = await protected.have("DELETE", cancellation(plan))
    assert (back["status"], back["stops_at"], back["cancel_at_period_end"]) == ("active", None, False)
    assert await protected.features(module, hall) == before
    assert len(await protected.invoices()) == 1
    await protected.cancel(plan, "period_end")
    await protected.later(days=11)
    assert await protected.refusal("DELETE", cancellation(plan)) == (409, "plan_ended")


async def test_R150_an_invoice_is_a_stable_document_to_read_print_and_share(protected: Home) -> None:
    await protected.order(MONITORING)
    (invoice,) = await protected.invoices()
    path = f"/api/v1/invoices/{invoice['invoice_id']}"
    link = "/i/" + (await protected.have("POST", f"{path}/share"))["url"].rsplit("/", 1)[1]
    documents = []
    for _ in range(2):
        assert await protected.have("GET", path) == invoice
        async with protected.client.get(invoice["page"]) as page, protected.site.client() as stranger:
            assert page.status == 200
            async with stranger.get(link) as shared:
                assert shared.status == 200
                documents.append((await page.text(), await shared.text()))
        await protected.later(hours=5)
    assert documents[0][1] == documents[1][1]
    assert all(invoice["number"] in text for text in documents[0])


async def test_R151_invoices_stay_when_every_service_is_over(protected: Home) -> None:
    (plan,) = await ordered(protected, MONITORING)
    await protected.later(days=31)
    before = await protected.invoices()
    await protected.cancel(plan, "now")
    await protected.later(days=400)
    assert await protected.invoices() == before
    assert len(before) == 2


async def test_R152_the_payment_method_changes_only_while_a_paid_service_is_active(protected: Home) -> None:
    path, card = "/api/v1/payment-method", {"token": "tok_approve"}
    assert await protected.refusal("PUT", path, card) == (409, "no_paid_plan")
    (plan,) = await ordered(protected, MONITORING)
    await protected.have("PUT", path, card)
    await protected.cancel(plan, "period_end")
    assert "change" in (await protected.have("GET", path))["actions"], "it is being cancelled and still active"
    await protected.later(days=31)
    assert "change" not in (await protected.have("GET", path))["actions"]
    assert await protected.refusal("PUT", path, card) == (409, "no_paid_plan")
