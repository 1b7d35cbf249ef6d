"""Who hears of an escalation, as data: endpoints, people, rosters, groups, routes and words."""
