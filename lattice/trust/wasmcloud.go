package trust

import (
	"errors"
	"io/fs"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
)

// The files of the account of wasmCloud's tools, beside those of its lattice.
const (
	toolsKey = "wasmcloud-account.nk"
	toolsJWT = "wasmcloud-account.jwt"
)

// Limits of the account of wasmCloud's tools.
const (
	// maxTools bounds the connections. Tools have one or two each.
	maxTools = 128
	// answerWithin bounds how long servers keep the way back of a tool's request
	// after the last answer. Tools gather answers for 5 seconds.
	answerWithin = time.Minute
)

// exports are what a lattice shares with wasmCloud's tools: the control interface of
// wasmCloud, whose requests may have several answers, and its events, and the API of
// wadm with its statuses and events. Accounts may import them with an activation, which
// the lattice's key has signed.
//
// Its buckets are not among them. To list and to watch keys takes a consumer, and
// that publishes to whatever subject of the lattice its maker names. To get a key
// would do no harm, but no tool does that alone, and all of it can be asked for.
func exports(l lattice.Name) jwt.Exports {
	return jwt.Exports{
		{
			Name: "control", Subject: jwt.Subject(wasmbusControl(l)), Type: jwt.Service, TokenReq: true,
			ResponseType: jwt.ResponseTypeStream, ResponseThreshold: answerWithin,
		},
		{Name: "events", Subject: jwt.Subject(wasmbusEvents(l)), Type: jwt.Stream, TokenReq: true},
		{Name: "wadm", Subject: jwt.Subject(wadmAPI(l)), Type: jwt.Service, TokenReq: true},
		{Name: "wadm-status", Subject: jwt.Subject(wadmStatus(l)), Type: jwt.Stream, TokenReq: true},
		{Name: "wadm-events", Subject: jwt.Subject(wadmEvents(l)), Type: jwt.Stream, TokenReq: true},
	}
}

// keepTools makes the account of wasmCloud's tools, which imports what the lattice's
// account exports. Their clients listen for answers on the inboxes that all clients
// of NATS have by default, "_INBOX.>". In the account of the lattice, whoever may do
// so hears the answers to everybody; in this one there are only such tools.
func (k *Keyring) keepTools(l lattice.Name, from nkeys.KeyPair) error {
	pair, err := openOrCreateSeed(k.lattice(l, toolsKey), nkeys.PrefixByteAccount)
	if err != nil {
		return err
	}
	signing, err := openOrCreateSeed(k.lattice(l, string(RoleWasmCloud)+".nk"), nkeys.PrefixByteAccount)
	if err != nil {
		return err
	}
	claims := jwt.NewAccountClaims(public(pair))
	claims.Name = "lattice-" + string(l) + "-wasmcloud"
	claims.Tags.Add(tagLattice + string(l))
	claims.SigningKeys.AddScopedSigner(scope(RoleWasmCloud, l, public(signing)))
	if claims.Imports, err = k.imports(l, public(pair), from); err != nil {
		return err
	}
	claims.Limits.Imports = int64(len(claims.Imports))
	claims.Limits.Exports = 0
	claims.Limits.WildcardExports = false
	claims.Limits.DisallowBearer = true
	claims.Limits.Conn = maxTools
	claims.Limits.LeafNodeConn = 0
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{} // none
	return k.keep(k.lattice(l, toolsJWT), claims)
}

// imports have an activation each: the one that was there before if it says the
// same, so that the account stays as it is.
func (k *Keyring) imports(l lattice.Name, to string, from nkeys.KeyPair) (jwt.Imports, error) {
	before := map[jwt.Subject]string{}
	switch token, err := k.jwt(k.lattice(l, toolsJWT)); {
	case err == nil:
		// What cannot be read is made anew.
		if claims, err := jwt.DecodeAccountClaims(token); err == nil {
			for _, i := range claims.Imports {
				before[i.Subject] = i.Token
			}
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	var imports jwt.Imports
	for _, e := range exports(l) {
		activation := jwt.NewActivationClaims(to)
		activation.Name = e.Name
		activation.ImportSubject, activation.ImportType = e.Subject, e.Type
		token, err := encode(activation, from)
		if err != nil {
			return nil, err
		}
		if old := before[e.Subject]; sameClaims(old, token) {
			token = old
		}
		imports.Add(&jwt.Import{Name: e.Name, Subject: e.Subject, Account: public(from), Token: token, Type: e.Type})
	}
	return imports, nil
}
