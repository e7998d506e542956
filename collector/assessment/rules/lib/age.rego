# Ages of times and days. Both are undefined when a text is no time, so a rule that uses them falls back to its error.
package exhibit.lib.age

# Hours from an RFC 3339 time to another.
hours(then, now) := (time.parse_rfc3339_ns(now) - time.parse_rfc3339_ns(then)) / 3600000000000

# Days from the start of a day (YYYY-MM-DD, UTC) to an RFC 3339 time.
days(day, now) := hours(concat("", [day, "T00:00:00Z"]), now) / 24
