"""A year of sales of a company that does not exist, the same at every loading: made from a seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

SEED: Final = 20_250_629
FIRST_DAY: Final = date(2024, 7, 1)
LAST_DAY: Final = date(2025, 6, 30)
CUSTOMERS: Final = 180
ORDERS: Final = 1_500

SCHEMA: Final = """
CREATE TABLE customers (
    id integer PRIMARY KEY,
    name text NOT NULL,
    segment text NOT NULL,
    region text NOT NULL,
    since date NOT NULL
);
CREATE TABLE products (
    id integer PRIMARY KEY,
    name text NOT NULL,
    category text NOT NULL,
    list_price numeric(10, 2) NOT NULL
);
CREATE TABLE orders (
    id integer PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers,
    ordered_on date NOT NULL,
    channel text NOT NULL
);
CREATE TABLE order_items (
    order_id integer NOT NULL REFERENCES orders,
    line integer NOT NULL,
    product_id integer NOT NULL REFERENCES products,
    quantity integer NOT NULL,
    unit_price numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, line)
);
CREATE INDEX ON orders (ordered_on);
COMMENT ON TABLE orders IS 'What customers ordered; the revenue of an order is the sum of its items.';
COMMENT ON COLUMN order_items.unit_price IS 'In euros, after the discount of the customer''s segment.';
"""

_DISCOUNTS: Final = {"Consumer": Decimal(0), "Business": Decimal("0.05"), "Public sector": Decimal("0.08")}
_REGIONS: Final = ("North", "South", "East", "West")
_CHANNELS: Final = ("Web", "Shop", "Partner")
_CATEGORIES: Final = {
    "Lighting": ("Desk lamp", "Floor lamp", "Wall light", "Light strip", "Spotlight", "Lantern"),
    "Seating": ("Office chair", "Stool", "Armchair", "Bench", "Folding chair", "Cushion"),
    "Tables": ("Desk", "Side table", "Meeting table", "Trestle", "Standing desk", "Console"),
    "Storage": ("Shelf", "Cabinet", "Drawer unit", "Coat rack", "Locker", "Trolley"),
}
_FIRST: Final = ("Alder", "Birch", "Cedar", "Elm", "Hazel", "Linden", "Maple", "Oak", "Rowan", "Willow")
_SECOND: Final = ("Works", "House", "Studio", "Partners", "Trading", "Clinic", "School", "Library", "Hotel")


@dataclass(frozen=True)
class Table:
    """Its rows stand in the order of its columns. Tables come before those that refer to them."""

    name: str
    rows: list[tuple[Any, ...]]


def tables() -> Iterator[Table]:
    chance = random.Random(SEED)  # noqa: S311 - nothing here is a secret
    customers = [_customer(chance, number) for number in range(1, CUSTOMERS + 1)]
    products = [
        (number, name, category, Decimal(chance.randrange(1_900, 49_900, 100)) / 100)
        for number, (category, name) in enumerate(
            ((category, name) for category, names in _CATEGORIES.items() for name in names), 1
        )
    ]
    days = sorted(_day(chance) for _ in range(ORDERS))
    orders, items = [], []
    for number, day in enumerate(days, 1):
        customer = chance.choice(customers)
        orders.append((number, customer[0], day, chance.choices(_CHANNELS, (6, 3, 2))[0]))
        for line, product in enumerate(chance.sample(products, chance.choices((1, 2, 3, 4), (4, 4, 2, 1))[0]), 1):
            price = (product[3] * (1 - _DISCOUNTS[customer[2]])).quantize(Decimal("0.01"))
            items.append((number, line, product[0], chance.choices((1, 2, 3, 5, 10), (8, 5, 3, 2, 1))[0], price))
    yield from (
        Table("customers", customers),
        Table("products", products),
        Table("orders", orders),
        Table("order_items", items),
    )


def _customer(chance: random.Random, number: int) -> tuple[int, str, str, str, date]:
    name = f"{chance.choice(_FIRST)} {chance.choice(_SECOND)} {number}"
    since = FIRST_DAY - timedelta(days=chance.randrange(30, 2_000))
    segment = chance.choices(list(_DISCOUNTS), (5, 4, 1))[0]
    return number, name, segment, chance.choices(_REGIONS, (4, 3, 2, 3))[0], since


def _day(chance: random.Random) -> date:
    """Later days are likelier, as in a company that grows, and December is busiest."""
    days = (LAST_DAY - FIRST_DAY).days + 1
    while True:
        number = chance.randrange(days)
        day = FIRST_DAY + timedelta(days=number)
        if chance.random() < (0.6 + 0.3 * number / days) * (1.1 if day.month == 12 else 0.85):
            return day
