"""What the made-up shop sells, where its kiosks stand and what its mails say. Constants only."""

from collections.abc import Mapping

from msgspec import Raw, Struct
from msgspec.json import encode

SITE = "https://shop.example"
CURRENCY = "EUR"

KINDS = {
    "shoes": ("Sneaker", "Loafer", "Boot", "Sandal"),
    "jackets": ("Parka", "Blazer", "Raincoat", "Windbreaker"),
    "bags": ("Backpack", "Tote", "Messenger Bag", "Duffel"),
    "outdoor": ("Tent", "Sleeping Bag", "Stove", "Headlamp"),
    "running": ("Running Shoe", "Running Vest", "Race Belt", "Running Tights"),
    "kids": ("Kids Sneaker", "Kids Rain Set", "School Bag", "Kids Fleece"),
    "sale": ("Last Pair", "Sample Jacket", "Returned Bag", "Old Season Tee"),
    "home": ("Blanket", "Thermos", "Lantern", "Doormat"),
}
CATEGORIES = tuple(KINDS)
COLOURS = ("Black", "Sand", "Forest", "Navy", "Rust")

CITIES = ("Berlin", "Hamburg", "Munich", "Cologne", "Vienna", "Zurich", "Amsterdam", "Paris")
PLANS = ("basic", "basic", "basic", "plus", "plus", "premium")

STORES = ("store-north", "store-south", "store-station", "store-mall")
KIOSKS = tuple((f"k-{number:02d}", STORES[number % len(STORES)]) for number in range(1, 41))
FAILING_KIOSKS = frozenset(("k-07", "k-13", "k-22", "k-38"))
ERROR_CODES = ("card_declined", "card_reader_offline", "printer_jam", "network_timeout")

CAMPAIGNS = (
    ("cmp-spring", "Spring Collection", "New in: light jackets and lighter shoes"),
    ("cmp-cart", "Left in the Cart", "You forgot something"),
    ("cmp-club", "Club Evening", "An evening for members"),
    ("cmp-sale", "End of Season", "Up to half off, three days only"),
)


class Product(Struct, frozen=True, gc=False):
    """One article. `viewed` and `page` are ready-made JSON: most events are views of products."""

    product_id: str
    category: str
    name: str
    price: float
    """In EUR, tax included."""
    viewed: Raw
    page: Raw

    def line(self, quantity: int) -> dict[str, object]:
        """The product as one line of a cart or an order."""
        return {
            "product_id": self.product_id,
            "category": self.category,
            "name": self.name,
            "price": self.price,
            "quantity": quantity,
        }


def lines(cart: Mapping[str, int]) -> list[dict[str, object]]:
    """The lines of a cart (product id → quantity)."""
    return [BY_ID[product_id].line(quantity) for product_id, quantity in cart.items()]


def total(cart: Mapping[str, int]) -> float:
    """What a cart costs, in EUR, to the cent."""
    return round(sum(BY_ID[product_id].price * n for product_id, n in cart.items()), 2)


def page(path: str, title: str) -> Raw:
    """`context.page` of a page, as JSON."""
    return Raw(encode({"path": path, "title": title, "url": SITE + path}))


def _product(category: str, number: int) -> Product:
    kind = KINDS[category][number % 4]
    colour = COLOURS[number % 5]
    product_id = f"{category}-{number + 1:02d}"
    name = f"{kind} {colour}"
    # From 12 to 382 EUR and with odd cents, so that sums show a rounding fault.
    price = round((9.95 + number * 19.48) * (0.5 if category == "sale" else 1.0) + 2.04, 2)
    path = f"/{category}/{product_id}"
    properties = {
        "product_id": product_id,
        "category": category,
        "name": name,
        "price": price,
        "currency": CURRENCY,
        "url": SITE + path,
    }
    return Product(product_id, category, name, price, Raw(encode(properties)), page(path, name))


PRODUCTS = {name: tuple(_product(name, number) for number in range(20)) for name in CATEGORIES}
"""By category, the best seller first."""
BY_ID = {product.product_id: product for group in PRODUCTS.values() for product in group}

HOME_PAGE = page("/", "Home")
CART_PAGE = page("/cart", "Cart")
CHECKOUT_PAGE = page("/checkout", "Checkout")
SEARCH_PAGE = page("/search", "Search")
CATEGORY_PAGES = {name: page(f"/{name}", name.title()) for name in CATEGORIES}
