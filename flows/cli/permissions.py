import click


@click.group()
def permissions() -> None:
    """x"""
