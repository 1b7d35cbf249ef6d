"""防返贫监测 as data: indicators, categories, thresholds by county, lead windows, risk rules."""
