"""All orders of the queue by name."""

from __future__ import annotations

from collections.abc import Callable

from audits.review.ordering import class_balance, diversity, probability, rank_impact
from audits.review.ordering.candidates import Candidates, Order

#: Order by the name that the YAML has for it. Another one is a file and a line here.
ORDERS: dict[str, Callable[[Candidates], Order]] = {
    probability.NAME: probability.order,
    class_balance.NAME: class_balance.order,
    diversity.NAME: diversity.order,
    rank_impact.NAME: rank_impact.order,
}
