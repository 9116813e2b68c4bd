"""Log-in: who gets a session, how guessing is slowed, and what a request of another site's page cannot do."""

import re
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from cloud_stub.adapters.passwords_argon2 import Argon2Passwords
from cloud_stub.domain.attempts import ACCOUNT_PACE, LOG_IN_PACE, SIGN_UP_PACE
from cloud_stub.errors import CloudError
from tests.web.cloud.site import EMAIL, PASSWORD, Site, open_site

WRONG = {"email": EMAIL, "password": "not this one, surely"}
RIGHT = {"email": EMAIL, "password": PASSWORD}
FREE_ATTEMPTS = LOG_IN_PACE.free


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org", "", "x" * 254])
async def test_a_wrong_log_in_says_the_same_whoever_it_was_for(site: Site, email: str) -> None:
    async with site.client() as client, client.post("/api/v1/session", json={**WRONG, "email": email}) as answer:
        problem = await answer.json()
        assert (answer.status, problem["code"]) == (401, "wrong_login")
        assert problem["detail"] == "The e-mail address or the password is wrong."
        assert "Set-Cookie" not in answer.headers


async def test_a_hundred_wrong_log_ins_from_one_source_are_slowed(site: Site) -> None:
    codes, after = [], None
    async with site.client() as client:
        for _ in range(100):
            async with client.post("/api/v1/session", json=WRONG) as answer:
                codes.append((await answer.json())["code"])
                after = answer.headers.get("Retry-After")
        async with client.post("/api/v1/session", json=RIGHT) as answer:
            assert answer.status == 429, "the right password is refused too while the source is slowed"
    assert codes.count("wrong_login") == FREE_ATTEMPTS
    assert codes.count("too_many_attempts") == 100 - FREE_ATTEMPTS
    assert after == "1"
    site.clock.seconds += 2
    async with site.client() as client:
        await site.log_in(client)


async def guess(site: Site, email: str, password: str, source: str) -> str:
    try:
        await site.services.login.log_in(email, password, source)
    except CloudError as error:
        return error.code
    return "in"


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org"])
async def test_guesses_at_one_account_from_many_places_are_slowed_but_not_its_owners_own_place(
    site: Site, email: str
) -> None:
    """An address that nobody has is slowed alike, or the wait would tell which ones are known."""
    home = "198.51.100.7"
    assert await guess(site, EMAIL, PASSWORD, home) == "in"
    free = ACCOUNT_PACE.free
    codes = [await guess(site, email.upper(), "not this one", f"203.0.113.{number}") for number in range(free + 5)]
    assert codes == ["wrong_login"] * free + ["too_many_attempts"] * 5
    assert await guess(site, EMAIL, PASSWORD, home) == "in"
    assert await guess(site, "other@example.org", "not this one", "203.0.113.250") == "wrong_login"


@pytest.mark.parametrize("at", ["page", "api"])
async def test_sign_ups_from_one_place_are_slowed(site: Site, at: str) -> None:
    wish = {"password": PASSWORD, "region": "blink/FR", "locale": "fr", "time_zone": "Europe/Paris"}
    statuses, after = [], ""
    async with site.client() as client:
        for number in range(SIGN_UP_PACE.free + 1):
            body = {**wish, "email": f"new{number}@example.org"}
            if at == "api":
                async with client.post("/api/v1/accounts", json=body) as answer:
                    statuses.append(answer.status)
                    after = answer.headers.get("Retry-After", "")
                continue
            async with site.client() as fresh:
                async with fresh.get("/signup") as answer:
                    token = re.search(r'name="csrf_token" value="([^"]+)"', await answer.text())
                assert token is not None
                form = {**body, "csrf_token": token[1]}
                async with fresh.post("/signup", data=form, allow_redirects=False) as answer:
                    statuses.append(answer.status)
                    after = answer.headers.get("Retry-After", "")
        assert statuses == [201 if at == "api" else 303] * SIGN_UP_PACE.free + [429]
        assert after == "60"
        site.clock.seconds += 61
        async with client.post("/api/v1/accounts", json={**wish, "email": "late@example.org"}) as answer:
            assert answer.status == 201


async def test_a_form_that_was_filled_in_wrongly_is_no_sign_up(site: Site) -> None:
    wish = {"email": "new@example.org", "region": "blink/FR", "locale": "fr", "time_zone": "Europe/Paris"}
    async with site.client() as client:
        for _ in range(SIGN_UP_PACE.free + 1):
            async with client.post("/api/v1/accounts", json={**wish, "password": "short"}) as answer:
                assert (await answer.json())["code"] == "weak_password"


async def test_the_right_password_clears_what_was_counted(site: Site) -> None:
    async with site.client() as client:
        for _ in range(3):
            for _ in range(FREE_ATTEMPTS - 1):
                async with client.post("/api/v1/session", json=WRONG) as answer:
                    assert answer.status == 401
            await site.log_in(client)


async def test_a_session_is_a_cookie_that_scripts_and_other_sites_cannot_use(site: Site) -> None:
    async with site.client() as client, client.post("/api/v1/session", json=RIGHT) as answer:
        cookie = SimpleCookie(answer.headers["Set-Cookie"])["veilleur"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert not cookie["secure"]
        assert len(cookie.value) >= 43, "256 bits"
        assert cookie.value not in (site.records_file.read_bytes()).decode("latin-1"), "only its hash is stored"


async def test_over_https_the_cookie_is_bound_to_this_host_and_never_leaves_in_the_clear(tmp_path: Path) -> None:
    async with open_site(tmp_path, public_url="https://cloud.example.org") as site:
        await site.add_account()
        async with site.client() as client, client.post("/api/v1/session", json=RIGHT) as answer:
            cookie = SimpleCookie(answer.headers["Set-Cookie"])["__Host-veilleur"]
            assert (bool(cookie["secure"]), cookie["path"], cookie["domain"]) == (True, "/", "")


async def test_a_session_ends_after_thirty_days_and_at_log_out(site: Site) -> None:
    async with site.client() as client:
        csrf = await site.log_in(client)
        async with client.delete("/api/v1/session", headers={"X-CSRF-Token": csrf}) as answer:
            assert answer.status == 204
        async with client.get("/api/v1/account") as answer:
            assert (answer.status, (await answer.json())["code"]) == (401, "not_logged_in")
        await site.log_in(client)
        site.clock.civil += timedelta(days=30)
        async with client.get("/api/v1/account") as answer:
            assert answer.status == 401


async def test_a_lab_clock_that_jumps_a_year_does_not_log_its_owner_out(lab_site: Site) -> None:
    async with lab_site.client() as client:
        csrf = await lab_site.log_in(client)
        body = {"advance_s": 365 * 86400}
        async with client.post("/api/v1/lab/clock", json=body, headers={"X-CSRF-Token": csrf}) as answer:
            assert answer.status == 200
        async with client.get("/api/v1/account") as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "csrf_refused"),
        ({"X-CSRF-Token": ""}, "csrf_refused"),
        ({"X-CSRF-Token": "guessed"}, "csrf_refused"),
        ({"X-CSRF-Token": "{csrf}", "Origin": "https://elsewhere.example"}, "origin_refused"),
        ({"X-CSRF-Token": "{csrf}", "Origin": "http://127.0.0.1:1"}, "origin_refused"),
        ({"X-CSRF-Token": "{csrf}", "Origin": "null"}, "origin_refused"),
        ({"X-CSRF-Token": "{csrf}", "Sec-Fetch-Site": "cross-site"}, "origin_refused"),
        ({"X-CSRF-Token": "{csrf}", "Origin": "{site}"}, None),
        ({"X-CSRF-Token": "{csrf}"}, None),
    ],
)
async def test_a_changing_request_must_be_meant(site: Site, headers: dict[str, str], code: str | None) -> None:
    async with site.client() as client:
        csrf = await site.log_in(client)
        sent = {name: value.format(csrf=csrf, site=site.url) for name, value in headers.items()}
        async with client.post("/api/v1/claim-codes", headers=sent) as answer:
            if code is None:
                assert answer.status == 201
            else:
                assert (answer.status, (await answer.json())["code"]) == (403, code)


@pytest.mark.parametrize("path", ["/plan/end-trial", "/modules/claim-code", "/logout", "/account/password"])
async def test_a_form_without_its_token_changes_nothing(site: Site, path: str) -> None:
    async with site.client() as client:
        await site.log_in(client)
        async with client.post(path, data={"csrf_token": "guessed"}, allow_redirects=False) as answer:
            assert answer.status == 403
            assert "This form is out of date" in await answer.text()
        async with client.get("/api/v1/account") as answer:
            assert answer.status == 200


async def test_the_log_in_form_needs_the_cookie_of_its_own_browser(site: Site) -> None:
    async with site.client() as client:
        form = {**RIGHT, "csrf_token": "made up"}
        async with client.post("/login", data=form, allow_redirects=False) as answer:
            assert answer.status == 403


async def test_a_page_leads_to_the_log_in_and_back_but_never_to_another_site(site: Site) -> None:
    async with site.client() as client:
        async with client.get("/plan", allow_redirects=False) as answer:
            assert answer.headers["Location"] == "/login?next=/plan"
        for wanted, given_back in (("/plan", "/plan"), ("//elsewhere.example", "/clips"), ("https://x", "/clips")):
            async with client.get("/login", params={"next": wanted}) as answer:
                assert f'name="next" value="{given_back}"' in await answer.text()


@pytest.mark.parametrize(
    ("chosen", "spoken"),
    [
        pytest.param("", "en", id="nobody-chose: the account's own"),
        pytest.param("xx", "en", id="nonsense: the account's own"),
        pytest.param("fr", "fr", id="chosen at this door: from now on"),
    ],
)
async def test_a_language_that_is_chosen_at_the_door_becomes_the_accounts(site: Site, chosen: str, spoken: str) -> None:
    async with site.client({"Accept-Language": "fr"}) as client:
        async with client.get("/login", params={"next": "/plan", **({"lang": chosen} if chosen else {})}) as answer:
            page = await answer.text()
        assert (f'name="lang" value="{chosen}"' in page) is (chosen == "fr")
        assert 'href="?lang=fr&amp;next=/plan"' in page
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        form = {**RIGHT, "csrf_token": token[1], "lang": chosen}
        async with client.post("/login", data=form) as answer:
            assert f'<html lang="{spoken}">' in await answer.text()
        async with client.get("/plan") as answer:
            assert f'<html lang="{spoken}">' in await answer.text()


async def test_other_host_names_are_not_answered(site: Site) -> None:
    async with site.client() as client:
        for host in ("elsewhere.example", "127.0.0.1.elsewhere.example", ""):
            async with client.get("/login", headers={"Host": host}) as answer:
                assert answer.status == 421
        async with client.get("/login", headers={"Host": "localhost:8400"}) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("path", ["/login", "/api/v1/openapi.json", "/nothing", "/static/veilleur.css"])
async def test_every_answer_closes_its_doors(site: Site, path: str) -> None:
    async with site.client() as client, client.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] in {"no-store", "no-cache"}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"email": "no address"}, 422, "bad_email"),
        ({"email": EMAIL}, 409, "email_taken"),
        ({"email": EMAIL.upper()}, 409, "email_taken"),
        ({"password": "short"}, 422, "weak_password"),
        ({"region": "blink/ZZ"}, 422, "bad_choice"),
        ({"region": "nobody/FR"}, 422, "bad_choice"),
        ({"time_zone": "Mars/Base"}, 422, "bad_choice"),
        ({"locale": "xx"}, 422, "bad_choice"),
        ({"admin": True}, 422, "bad_body"),
        ({}, 201, ""),
    ],
)
async def test_sign_up_checks_every_choice(site: Site, change: dict[str, object], status: int, code: str) -> None:
    wish = {
        "email": "new@example.org",
        "password": PASSWORD,
        "region": "blink/FR",
        "locale": "fr",
        "time_zone": "Europe/Paris",
    }
    async with site.client() as client, client.post("/api/v1/accounts", json={**wish, **change}) as answer:
        reply = await answer.json()
        assert (answer.status, reply.get("code", "")) == (status, code), reply


async def test_a_password_is_changed_only_by_who_knows_it(site: Site) -> None:
    async with site.client() as client:
        csrf = {"X-CSRF-Token": await site.log_in(client)}
        change = {"current": "wrong, so wrong", "new": "another quiet street"}
        async with client.post("/api/v1/account/password", json=change, headers=csrf) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "wrong_password")
        async with client.post(
            "/api/v1/account/password", json={**change, "current": PASSWORD}, headers=csrf
        ) as answer:
            assert answer.status == 204
        async with client.post("/api/v1/session", json=RIGHT) as answer:
            assert answer.status == 401


@pytest.mark.parametrize("at", ["page", "api"])
async def test_a_new_password_ends_every_other_session_and_not_its_own(site: Site, at: str) -> None:
    """Whoever changes a password because somebody else knows it wants that somebody out."""
    async with site.client() as client, site.client() as thief:
        csrf = await site.log_in(client)
        await site.log_in(thief)
        change = {"current": PASSWORD, "new": "another quiet street"}
        if at == "api":
            headers = {"X-CSRF-Token": csrf}
            async with client.post("/api/v1/account/password", json=change, headers=headers) as answer:
                assert answer.status == 204
        else:
            form = {**change, "csrf_token": csrf}
            async with client.post("/account/password", data=form, allow_redirects=False) as answer:
                assert answer.status == 303
        for who, status in ((thief, 401), (client, 200)):
            async with who.get("/api/v1/account") as answer:
                assert answer.status == status


async def test_passwords_are_kept_as_argon2id_and_a_damaged_hash_matches_nothing() -> None:
    passwords = Argon2Passwords(PasswordHasher(1, 64, 1))
    kept = await passwords.hash(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert not await passwords.verify(kept, PASSWORD + " ")
    assert not await passwords.verify("no hash at all", PASSWORD)
    assert await passwords.verify(kept, PASSWORD)
