package syntax

import "github.com/wattle-dev/wattle/wit"

// The tree of a file. Each node keeps the place that errors about it name.

// ident is a name.
type ident struct {
	pos
	name string
}

// attrs is what may stand before an item: its documentation and gate.
type attrs struct {
	pos
	docs       string
	gate       wit.Gate
	externalID string
}

// packageDecl is "package a:b@1.0.0".
type packageDecl struct {
	attrs
	id wit.PackageID
}

// packageBody is what a package declares, in a file or in braces.
type packageBody struct {
	uses       []*topUse
	interfaces []*interfaceItem
	worlds     []*worldItem
}

// fileNode is a file.
type fileNode struct {
	file *File
	decl *packageDecl // nil if the file has none
	packageBody
	nested []*nestedPackage
}

// nestedPackage is "package a:b { … }".
type nestedPackage struct {
	packageDecl
	packageBody
	// text is its source, to compare two packages of one name.
	text string
}

// usePath is "name", or "a:b/name@1.0.0".
type usePath struct {
	ident
	pkg wit.PackageID // zero for a name of the file or package
}

func (p *usePath) String() string {
	if p.pkg.Name == "" {
		return p.name
	}
	return p.pkg.Interface(p.name).String()
}

// topUse is a use statement of a file: "use path as name;".
type topUse struct {
	attrs
	path usePath
	as   ident
	// followed is set by the resolver when something mentions the name.
	followed bool
}

// interfaceItem is an interface. name is empty for one inside a world.
type interfaceItem struct {
	attrs
	name  ident
	items []item
}

// item is what an interface or a world contains: *useItem, *typeItem, *funcItem,
// and in a world *externItem and *includeItem.
type item interface{ itemAttrs() *attrs }

func (a *attrs) itemAttrs() *attrs { return a }

// useItem is "use path.{a, b as c};".
type useItem struct {
	attrs
	path  usePath
	names []rename
}

// rename is "from as to", or a name alone.
type rename struct{ from, to ident }

// typeItem declares a type. Which fields it has depends on kind.
type typeItem struct {
	attrs
	kind typeItemKind
	name ident
	// alias is the type of "type name = alias".
	alias *typeExpr
	// fields are record fields, cases, labels.
	fields []field
	// funcs are the functions of a resource, with extern names.
	funcs []*funcItem
}

type typeItemKind uint8

const (
	aliasItem typeItemKind = iota
	recordItem
	variantItem
	enumItem
	flagsItem
	resourceItem
)

// field is a record field, a case, a label or a parameter. typ is nil for a case
// without payload and a label.
type field struct {
	ident
	docs string
	typ  *typeExpr
}

// funcItem is a function.
type funcItem struct {
	attrs
	name   ident
	kind   wit.FuncKind
	async  bool
	params []field
	result *typeExpr // nil if there is none
}

// typeExpr is a type where it is mentioned: a name, or a keyword with arguments.
type typeExpr struct {
	pos
	// kind is the kind of a keyword, zero for a name.
	kind wit.Kind
	name string
	args []*typeExpr // nil for "_"
	len  uint32
}

// worldItem is a world.
type worldItem struct {
	attrs
	name  ident
	items []item
}

// externItem is an import or an export: a path, or a name with an interface in
// braces, a function or a path.
type externItem struct {
	attrs
	export bool
	name   ident
	path   *usePath
	inline *interfaceItem
	fn     *funcItem
}

// includeItem is "include path with { a as b }".
type includeItem struct {
	attrs
	path usePath
	with []rename
}
