"""A product of the catalogue, as far as offers depend on it."""

from typing import Annotated

from msgspec import Meta, Struct


class Product(Struct, frozen=True):
    """What the shop says of it; whatever else it says is not kept."""

    category: Annotated[str, Meta(max_length=128)] = ""
    price: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    """In the shop's currency; None: not said."""
    stock: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    """How many there are to sell; None: as many as are wanted."""


class Listed(Struct, frozen=True, array_like=True):
    """What the catalogue said of a product last."""

    source: str
    """Kafka's id of the catalogue's topic."""
    number: int
    """Where its record lies there: a higher one is later."""
    product: Product | None
    """None: it is no longer in the catalogue."""

    @property
    def sold_out(self) -> bool:
        """Whether there is none to sell: no stock, or no such product any more."""
        return self.product is None or self.product.stock == 0
