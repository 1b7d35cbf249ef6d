-- One household as of an instant, by its pseudonym: its place and kind, its risk index and level
-- then, and what its life has been so far. No row where none of this pseudonym was known by then.
-- Place, kind, status, index and indicators are of the instant; who came first, and the counts of
-- signals and cases, of the newest state.
SELECT
    risk.household AS household, risk.county AS county, risk.township AS township,
    risk.kind AS kind, risk.category AS category, risk.status AS status,
    round(risk.index, 1) AS risk_index, risk.level AS level, risk.indicators AS indicators,
    risk.rules AS rules, risk.status_at AS status_at, found.first_found_at AS first_found_at,
    found.first_found_by AS first_found_by, found.first_request_at AS first_request_at,
    found.first_request_item AS first_request_item, found.first_direction AS first_direction,
    found.signals AS signals, found.leads AS leads, found.requests AS requests,
    found.open_cases AS open_cases
FROM
(
    SELECT * FROM household_risk_at(as_of = %(as_of_text)s) WHERE household = %(household)s
) AS risk
INNER JOIN (SELECT * FROM households FINAL WHERE household = %(household)s) AS found
    ON found.household = risk.household
