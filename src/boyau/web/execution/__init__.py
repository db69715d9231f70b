"""Budget execution for pages: what was charged to budgets, by line, administrator, region and month."""
