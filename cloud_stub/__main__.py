"""The cloud's commands."""

import asyncio
import secrets
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer

from cloud_stub.errors import BadConfiguration, CloudError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The small cloud that camera modules sync with.",
)
catalog_app = typer.Typer(no_args_is_help=True, help="Vendors' catalogs (docs/catalogs.md).")
app.add_typer(catalog_app, name="catalog")
account_app = typer.Typer(no_args_is_help=True, help="Owners' accounts.")
app.add_typer(account_app, name="account")

Config = Annotated[Path | None, typer.Option(help="The configuration (docs/cloud.example.toml); without it, defaults.")]


@app.command()
def serve(config: Config = None) -> None:
    """Serve pages, API, uploads and leases until stopped."""
    from cloud_stub.composition.running import serve as run
    from cloud_stub.settings import load_settings

    _log_to_stderr()
    try:
        asyncio.run(run(load_settings(config)))
    except BadConfiguration as error:
        _give_up(error)


@account_app.command("add")
def add_account(
    email: Annotated[str, typer.Argument(help="The owner logs in with it.")],
    region: Annotated[str, typer.Option(help="A region of the vendor's catalog, such as FR.")],
    vendor: Annotated[str | None, typer.Option(help="Needed when there is more than one catalog.")] = None,
    time_zone: Annotated[str, typer.Option(help="IANA name, such as Europe/Paris.")] = "Europe/Paris",
    locale: Annotated[str, typer.Option(help="en or fr.")] = "en",
    created_on: Annotated[
        str | None, typer.Option(help="YYYY-MM-DD, for an account moved here from elsewhere.")
    ] = None,
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    config: Config = None,
) -> None:
    """Make an account and print its password, once."""
    from cloud_stub.composition.accounts import NewAccount, add
    from cloud_stub.settings import load_settings

    password = sys.stdin.readline().strip() if password_stdin else secrets.token_urlsafe(12)
    try:
        day = date.fromisoformat(created_on) if created_on else datetime.now(UTC).date()  # noqa: TID251 - a command's own day
        wish = NewAccount(email, password, vendor, region, time_zone, locale, day)
        asyncio.run(add(load_settings(config), wish))
    except (BadConfiguration, CloudError, ValueError) as error:
        _give_up(error)
    print(f"{email}\t{'(your password)' if password_stdin else password}")


@app.command("waive")
def waive_condition(
    condition: Annotated[str, typer.Option(help="plan, linked, trial_over, paid, business or original_warranty.")],
    reason: Annotated[str, typer.Option(help="Kept with the exception.")],
    account: Annotated[str | None, typer.Option(help="A camera account, by e-mail address or id.")] = None,
    store_account: Annotated[str | None, typer.Option(help="A store account, by id.")] = None,
    by: Annotated[str, typer.Option(help="Who grants it.")] = "operator",
    config: Config = None,
) -> None:
    """Do not insist on a condition of a benefit for one account; the log keeps it."""
    from cloud_stub.composition.waivers import NewWaiver, grant
    from cloud_stub.settings import load_settings

    try:
        made = asyncio.run(grant(load_settings(config), NewWaiver(account, store_account, condition, reason, by)))
    except (BadConfiguration, CloudError) as error:
        _give_up(error)
    print(f"{made.holder_id}\t{made.condition}")


@app.command("mail-test")
def try_mail(
    to: Annotated[str, typer.Option(help="Where the message goes.")],
    config: Config = None,
) -> None:
    """Send one message through the configured mail server, and say what came of it."""
    from cloud_stub.composition.mail import send_test
    from cloud_stub.ports import MessagesAway
    from cloud_stub.settings import load_settings

    try:
        told = asyncio.run(send_test(load_settings(config), to))
    except (BadConfiguration, CloudError, MessagesAway) as error:
        _give_up(error)
    print(told)


@catalog_app.callback()
def catalogs() -> None:
    """Keep `check` a command by its name, although it is the only one."""


@catalog_app.command("check")
def check_catalogs(files: Annotated[list[Path], typer.Argument(help="Catalogs, TOML.")]) -> None:
    """Say what a catalog means, or every mistake in it; warn of what can never take effect. Exit code 1 on mistakes."""
    from cloud_stub.catalog.check import check

    wrong = False
    for path in files:
        report = check(path)
        wrong = wrong or bool(report.mistakes)
        for line in report.lines:
            print(line)
    if wrong:
        raise typer.Exit(code=1)


@app.command()
def certificates(
    name: Annotated[list[str], typer.Option(help="A DNS name or address of the broker; may be given again.")],
    config: Config = None,
) -> None:
    """Make, or renew when due, the broker's certificate and the authority that modules trust (docs/mosquitto.md)."""
    from cloud_stub.adapters.certificates import keep_server_certificate
    from cloud_stub.settings import load_settings

    try:
        folder = load_settings(config).storage.state_dir / "tls"
        made = keep_server_certificate(folder, name, datetime.now(UTC))  # noqa: TID251 - a command's own moment
    except (BadConfiguration, ValueError, OSError) as error:
        _give_up(error)
    print(f"authority    {made.ca}\ncertificate  {made.certificate}\nkey          {made.key}")


def _log_to_stderr() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(
                key_order=["timestamp", "level", "event"], drop_missing=True, bool_as_flag=False
            ),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _give_up(error: Exception) -> NoReturn:
    print(f"veilleur-cloud: {error}", file=sys.stderr)
    raise typer.Exit(code=2)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
