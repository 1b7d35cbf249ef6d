"""The sentences of the specification that can be read in two ways, and the reading chosen.

*settled* marks readings without which an example log comes out otherwise; *open* marks those that
no example reaches.

Records
- "Fails the field table": `department`, `raised_by` and `channel` are closed lists (the seven
  departments and `rural-revitalisation`); codes are text, never numbers; lengths count code
  points. `household` is any text, `township` any nine digits, in whatever county. open
- "`offers` and `round` are integers from 0, `by` is a positive number with its unit" is part of
  what makes a record bad, whatever its type. Null is absent here too. `by` is ASCII digits and
  one of h, d, wd. open
- An integer is a JSON number without a fractional part: `3.0` is one (the only condition with a
  number is `round 3`, so `3` and `3.0` "are one number" can matter nowhere else). open
- `extended` without `clock` or `by`, or with the name of no clock, is a good record that does
  nothing. open
- RFC 3339: `24:00`, a leap second (`:60`) and a day that does not exist are bad; `-00:00` and any
  number of digits of a second are good; there is no blank instead of `T`. open
- That a pseudonym is "never a name, an ID number or a telephone" is a duty of who sends, and no
  check of a record: a random id may hold eleven digits in a row. open
- Not JSON: `NaN`, `Infinity`, a lone surrogate, bytes that are not UTF-8, a byte-order mark. Of
  equal keys in an object the last counts. A line of white space alone holds no record. open
- A type that nobody knows does not make a record bad: it takes part in identity, in conflicts
  and in the item of the case, and is set aside after that. open

Identity and order
- `occurred_at` is compared as an instant, so `.1239` and `.123` tie and the next keys decide.
- "No attributes and null are `{}`" is said of the third key alone; the whole record is as it was
  received, so there `"attributes":null` comes before no attributes. open
- Numbers are written as they came: `3` and `3.0` differ in the whole record. open
- Conflicts are settled among all good records, also those after `as_of`. Since the earliest
  counts, this shows in what is reported as a conflict, never in a verdict.
- The item is that of the first event up to `as_of` that carries one, of whatever type (settled
  for an event before `submitted`, open for one of unknown type), also while closed (settled).

Life of a cycle
- The first `submitted` is used up even if the case was closed when it came: a later one after
  `reopened` starts nothing. open (that it starts nothing while closed is settled)
- Pauses may open before `submitted`, or before any cycle, and hold. open
- A pause never survives the reopening of a closed case, also for a clock that starts later. open
- `reopened` without a closed case starts `overall` even before any `submitted`. open
- A condition on a missing or null attribute does not match; `1` is not `true`. settled for text
- One stop event ends one cycle of each clock that it stops; of *each* clocks the oldest. settled
- `extended` at the due instant itself counts, one millisecond later does not. settled
- An extension that would pass the limit is ignored, not shortened. settled

Due
- A pause open on (a, b] takes away the midnights m with a < m <= b. settled on both sides
- At an instant that is due, with a pause opened at it, the midnight counts, and the cycle is
  `running` with that `due_at`, also where it ends at it. open for the ended one
- A cycle that ended while paused has `due_at` null, and is `met`, or `cancelled`. settled
- What the pauses do after a cycle ended, also at the same instant and later in order, changes
  nothing in it. settled
- A `cancelled` cycle keeps `breached_at`; one `cancelled` or stopped exactly at due has none.
- Days before the first published year (2004) are beyond the calendar as those after it. open
- *Provisional* looks at the due instant alone: steps after it may lie beyond the calendar. A met,
  missed or cancelled cycle stays provisional if its due instant is. open

Ladder
- An hour clock that is due exactly at a midnight is due on the day that ended there: +2wd counts
  from the next. settled
- A step at the very instant of `as_of`, or of the end of the cycle, has not fired. settled
- Steps before due are counted back from N with its extensions; N-k <= 0 is no step. settled

Counts
- Offers count on `recommended` alone. open
- "Any event of the case" that says `zero_employment: true`: any of known type up to `as_of`, also
  a later `submitted`, also one after the round; the value is `true` itself. settled for an event
  that is not a round, else open
- Once a total is passed, every later round is reported, even one without offers. settled
- Blank is empty or white space of any script; a reason that is no text is a reason. open
"""
