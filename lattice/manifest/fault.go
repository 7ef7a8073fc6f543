package manifest

import "slices"

// ImageFault returns an error about the image of a component, at the place where the
// manifest names it: what is found in a binary is for who reads it to say.
func (m *Manifest) ImageFault(component, fix, format string, args ...any) *FieldError {
	r := &report{file: m.file}
	i := slices.IndexFunc(m.oam.Spec.Components, func(c *oamComponent) bool { return c.Name == component })
	if i < 0 {
		return r.at(new(value), "", fix, format, args)
	}
	c := m.oam.Spec.Components[i]
	at, path := c.Properties.at, join(c.path, "properties")
	if image := at.get("image"); image != nil {
		at, path = image, join(path, "image")
	}
	return r.at(at, path, fix, format, args)
}
