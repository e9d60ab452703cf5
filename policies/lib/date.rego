# Dates as text: `2026-11-20`, and whatever stands behind that.
package meshvet.lib.date

# The number of days from one date to another.
between(from, to) := day(to) - day(from)

# A day as a number, in a year that begins in March: a leap day is then the last of its year.
day(text) := days if {
	month := (number(text, 5, 2) + 9) % 12
	year := number(text, 0, 4) - floor(month / 10)
	leaps := (floor(year / 4) - floor(year / 100)) + floor(year / 400)
	days := (((365 * year) + leaps) + floor(((month * 306) + 5) / 10)) + number(text, 8, 2)
}

number(text, from, length) := to_number(trim_left(substring(text, from, length), "0"))
