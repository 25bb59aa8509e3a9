"""The command line: `python -m shop.cli add|order`."""

import click

from shop import orders, pricing, stock


@click.group()
@click.option("--database", default="shop.db", help="Where the stock is kept.")
@click.pass_context
def main(context: click.Context, database: str) -> None:
    """Keep stock and take orders."""
    context.obj = stock.open_stock(database)


@main.command()
@click.argument("sku")
@click.argument("price", type=int)
@click.argument("pieces", type=int)
@click.pass_context
def add(context: click.Context, sku: str, price: int, pieces: int) -> None:
    """Put an article on the shelf; the price is in cents."""
    stock.add(context.obj, sku, price, pieces)
    click.echo(f"{sku}: {pieces} pieces at {pricing.show(price)}")


@main.command()
@click.argument("sku")
@click.argument("quantity", type=int)
@click.pass_context
def order(context: click.Context, sku: str, quantity: int) -> None:
    """Fill an order."""
    try:
        filled = orders.place(context.obj, sku, quantity)
    except orders.OrderError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{filled.quantity} x {filled.sku}: {pricing.show(filled.price)}")


if __name__ == "__main__":
    main()
