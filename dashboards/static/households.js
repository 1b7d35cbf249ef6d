// The two directions at the level of households: who came first, blind spots, risk, leads.

export function drawHouseholds() {}
