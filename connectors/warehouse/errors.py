"""What can be wrong with a warehouse. Apart from what finds it: whoever only has to know these
need not load the table library."""


class WarehouseUnavailable(Exception):
    """The table cannot be read or written now; nothing is known to be written. Try again later."""


class WarehouseUnfit(Exception):
    """The table is not one that these rows may go to; trying again does not help."""
