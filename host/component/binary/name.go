package binary

// The attributes of a name (Binary.md, "Import and Export Definitions").
const (
	attrImplements    = 0x00
	attrVersionSuffix = 0x01
	attrExternalID    = 0x02
	numAttrs          = 3
)

// externName reads nameattributes. The leading bytes 0x00 and 0x01 mean the
// same.
func (d *decoder) externName() Name {
	form := d.oneOf("the form of a name", 0x00, 0x01, 0x02)
	n := Name{Name: d.name("a name")}
	if form != 0x02 {
		return n
	}
	var seen [numAttrs]bool
	for range d.count("name attributes") {
		off := d.pos
		attr := d.oneOf("a name attribute", attrImplements, attrVersionSuffix, attrExternalID)
		if d.err != nil {
			return Name{}
		}
		if seen[attr] {
			d.fail(CodeDuplicate, off, "name attribute %#02x of %q is given twice", attr, clip([]byte(n.Name)))
			return Name{}
		}
		seen[attr] = true
		switch attr {
		case attrImplements:
			n.Implements = d.name("the name of an implemented interface")
			if d.err == nil && n.Implements == "" {
				d.fail(CodeEmptyName, off, "%q implements an interface without a name", clip([]byte(n.Name)))
			}
		case attrVersionSuffix:
			n.VersionSuffix = d.name("a version suffix")
		case attrExternalID:
			n.ExternalID = d.name("an external id")
		}
	}
	return n
}
