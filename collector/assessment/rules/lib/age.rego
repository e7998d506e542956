# Ages of times and days. Undefined when a text is no time, so a rule that uses them falls back to its error. So is the age of
# what lies ahead of now by more than clocks may differ: a time to come says nothing of what has happened.
package exhibit.lib.age

# Hours from an RFC 3339 time to another; negative when the other comes first.
hours(then, now) := (time.parse_rfc3339_ns(now) - time.parse_rfc3339_ns(then)) / 3600000000000

# Hours since something happened. Two machines may differ by an hour.
since(then, now) := passed if {
	passed := hours(then, now)
	passed >= -1
}

# Days since the start of a day (YYYY-MM-DD, UTC) on which something happened. East of Greenwich that day may begin a day earlier.
days(day, now) := passed if {
	passed := hours(start(day), now) / 24
	passed >= -1
}

# Days until the start of a day (YYYY-MM-DD, UTC); negative when it is over.
until(day, now) := hours(now, start(day)) / 24

start(day) := concat("", [day, "T00:00:00Z"])
