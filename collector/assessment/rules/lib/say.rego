# Words for people.
package exhibit.lib.say

# A field of an object, or other words where it is missing or not determinable.
field(row, name, _) := value if {
	value := object.get(row, name, null)
	value != null
}

field(row, name, other) := other if object.get(row, name, null) == null
