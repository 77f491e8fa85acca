"""What is counted of an arm: customers, and what became of them."""

from math import sqrt

from msgspec import Struct


class Tally(Struct):
    """Sums over the customers of an arm; two add up to that of both."""

    customers: int = 0
    successes: int = 0
    """Those whose value is not 0."""
    total: float = 0.0
    """Of the values: 1 for a success, or what a customer was worth in the shop's currency."""
    squares: float = 0.0

    def add(self, value: float) -> None:
        """Take one customer in; 0 = nothing came of them."""
        self.customers += 1
        if value:
            self.successes += 1
            self.total += value
            self.squares += value * value

    @property
    def rate(self) -> float:
        """Successes per customer. Raises ZeroDivisionError without customers."""
        return self.successes / self.customers

    @property
    def mean(self) -> float:
        """Value per customer. Raises ZeroDivisionError without customers."""
        return self.total / self.customers

    @property
    def variance(self) -> float:
        """Of the values of one customer, about their mean (divided by n)."""
        return max(self.squares / self.customers - self.mean**2, 0.0)

    @property
    def error(self) -> float:
        """Standard error of the mean; from two customers on."""
        return sqrt(self.variance / (self.customers - 1))
