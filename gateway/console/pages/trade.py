"""Goods: orders, catalogue, stock, agents."""

from __future__ import annotations

from gateway.console.shape import Page
from gateway.console.tables import ADMIN
from gateway.console.views import agents
from gateway.console.views import deliveries
from gateway.console.views import items
from gateway.console.views import orders
from gateway.console.views import price_lists
from gateway.console.views import stock
from gateway.console.views import suppliers
from gateway.console.views.goods import DOERS
from gateway.console.views.goods import FOLLOWERS
from gateway.console.views.goods import READERS
from gateway.console.views.imports import ROOM
from locales import phrase

_ADMIN = frozenset({ADMIN})
_ORDER = "/orders/<int:hub>/<int:number>"

TRADE: tuple[Page, ...] = (
    Page("orders", "/orders", phrase("Orders"), FOLLOWERS, orders.every, menu=True),
    Page("picking", "/orders/picking", phrase("What is to be picked"), READERS, orders.pick, menu=True),
    Page("picking-csv", "/orders/picking.csv", phrase("What is to be picked"), READERS, give=orders.pick_csv),
    Page("order", _ORDER, phrase("Order"), FOLLOWERS, orders.one, orders.deed, acts=DOERS),
    Page("order-deliver", f"{_ORDER}/deliver", phrase("Handed over"), DOERS, deliveries.show, deliveries.hand_over),
    Page(
        "order-return",
        f"{_ORDER}/return",
        phrase("Goods come back"),
        DOERS,
        deliveries.show_return,
        deliveries.take_back,
    ),
    Page("items", "/items", phrase("Catalogue"), FOLLOWERS, items.every, menu=True),
    Page("items-file", "/items/file", phrase("Catalogue"), FOLLOWERS, give=items.file),
    Page("item-new", "/items/new", phrase("A new item"), _ADMIN, items.show_new, items.add),
    Page(
        "price-list",
        "/items/list",
        phrase("Take in a price list"),
        _ADMIN,
        price_lists.show,
        price_lists.take_in,
        room=ROOM,
    ),
    Page("item", "/items/<int:code>", phrase("Item"), FOLLOWERS, items.one),
    Page("item-price", "/items/<int:code>/price", phrase("Another price"), _ADMIN, items.show_price, items.enter_price),
    Page("item-change", "/items/<int:code>/change", phrase("Change an item"), _ADMIN, items.show_change, items.change),
    Page("stock", "/stock", phrase("Stock"), READERS, stock.every, menu=True),
    Page("goods-in", "/stock/<int:hub>/goods-in", phrase("Goods in"), DOERS, stock.show_bill, stock.goods_in),
    Page("goods-lost", "/stock/<int:hub>/lost", phrase("Goods lost"), DOERS, stock.show_loss, stock.lose),
    Page("suppliers", "/suppliers", phrase("Suppliers"), READERS, suppliers.every, menu=True),
    Page(
        "supplier",
        "/suppliers/<int:hub>/<int:supplier>",
        phrase("Supplier"),
        READERS,
        suppliers.one,
        suppliers.deed,
        acts=DOERS,
    ),
    Page("agents", "/agents", phrase("Agents"), FOLLOWERS, agents.every, menu=True),
    Page("agent", "/agents/<int:agent>", phrase("Agent"), FOLLOWERS, agents.one),
    Page(
        "agent-money", "/agents/<int:agent>/money", phrase("Money of an agent"), DOERS, agents.show_money, agents.money
    ),
    Page(
        "agent-limit", "/agents/<int:agent>/limit", phrase("Another limit"), DOERS, agents.show_limit, agents.ask_limit
    ),
)
