"""serve: the pages, on this machine alone."""

import click


def register(group: click.Group) -> None:
    group.add_command(serve)


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="A loopback address; others are refused."
)
@click.option("--clock", metavar="MOMENT", help="Where a demonstration's clock stands for this run.")
def serve(port: int, host: str, clock: str | None) -> None:
    """Serve the board and its pages to browsers on this machine.

    Others reach them through a proxy that speaks TLS; name the address that they type in FANGXIAN_ORIGIN.

    \b
    fangxian serve
    fangxian serve --port 8080
    fangxian serve --clock 2020-02-14T09:10:00+08:00      a demonstration, later
    """
    from django.utils.translation import gettext as _

    from fangxian.web import serving

    address = serving.refuse_others(host)
    serving.move_clock(clock)
    shown = f"[{address}]" if ":" in address else address
    click.echo(_("The board: http://{host}:{port}/   (stop with Ctrl+C)").format(host=shown, port=port))
    serving.serve(host=address, port=port)
