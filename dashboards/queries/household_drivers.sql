-- What adds to the risk of one household at an instant, the most first: each driver with the points
-- that it had and what is left of them. Their sum is the index, which is capped at 100.
SELECT code, subject, at, round(points, 1) AS points, round(adds, 1) AS adds
FROM household_drivers_at(as_of = %(as_of_text)s)
WHERE household = %(household)s
ORDER BY adds DESC, code, subject
