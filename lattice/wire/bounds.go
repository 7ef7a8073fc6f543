package wire

import "github.com/wattle-dev/wattle/lattice"

// The bounds of documents, all of them. Decoders refuse what goes over one before
// they take memory for it.
const (
	// MaxSigned bounds a document with its signature, in bytes: it is what a bucket
	// takes.
	MaxSigned = lattice.DefaultMaxValue
	// MaxSigner bounds the name of a signer, which may be a JWT.
	MaxSigner = 12 << 10
	// MaxImagePolicy bounds the image policy of a lattice, in bytes.
	MaxImagePolicy = 64 << 10
	// MaxDocument bounds a document. It leaves room for a signature.
	MaxDocument = MaxSigned - MaxSigner - 1<<10

	// MaxContents bounds what a component offers as an MCP server, compressed, in bytes.
	MaxContents = (MaxDocument - 1<<10) / 4 * 3
	// MaxManifest bounds the text of a manifest.
	MaxManifest = 768 << 10

	// MaxDepth bounds how deep arrays and objects lie in each other.
	MaxDepth = 32

	// MaxComponents is how many components a host has.
	MaxComponents = 1024
	// MaxProviders is how many providers a host has.
	MaxProviders = 128
	// MaxHosts is how many hosts a component is assigned to, MaxVariants how many
	// variants of it there are, and MaxWeight the greatest weight of one.
	MaxHosts    = 7500
	MaxVariants = 16
	MaxWeight   = 100
	// MaxInstances is how many calls of a component run at once on a host.
	MaxInstances = 1 << 16
	// MaxLinks is how many links a component has.
	MaxLinks = 128
	// MaxCapabilities is how many capabilities of its host a component is linked to.
	MaxCapabilities = 128
	// MaxSecrets is how many secrets a component, or a link of it, may ask for.
	MaxSecrets = 64
	// MaxInterfaces is how many interfaces a link has, or a component exports.
	MaxInterfaces = 256
	// MaxToolRules is how many tools of an MCP server have something said of them,
	// MaxToolPatterns how many patterns allow, or deny, tools, and MaxStars how many stars
	// are in one.
	MaxToolRules    = 512
	MaxToolPatterns = 128
	MaxStars        = 8
	// MaxRoutes is how many routes a component has.
	MaxRoutes = 128
	// MaxLabels is how many labels a host has, or annotations a component.
	MaxLabels = 128
	// MaxConfigValues is how many values a configuration has.
	MaxConfigValues = 512
	// MaxConfigNames is how many configurations are laid over each other.
	MaxConfigNames = 64

	// MaxFaults is how many links of a component on a host are reported not to work.
	MaxFaults = 8

	// The lengths of strings, in bytes.

	// MaxLabelKey bounds the key of a label or of an annotation.
	MaxLabelKey = 63
	// MaxLabelValue bounds the value of a label.
	MaxLabelValue = 256
	// MaxAnnotation bounds the value of an annotation.
	MaxAnnotation = 4 << 10
	// MaxConfigKey bounds the key of a value of a configuration.
	MaxConfigKey = 256
	// MaxConfigValue bounds a value of a configuration.
	MaxConfigValue = 64 << 10
	// MaxSecretValue bounds the value of a secret.
	MaxSecretValue = 64 << 10
	// MaxToolDescription bounds the description of a tool that a declaration gives it, and
	// MaxToolAnnotations its annotations.
	MaxToolDescription = 16 << 10
	MaxToolAnnotations = 1 << 10
	// MaxRef bounds where a component comes from.
	MaxRef = 2 << 10
	// MaxText bounds names for people, versions, addresses and other short texts.
	MaxText = 512
	// MaxReason bounds what is said of a failure.
	MaxReason = 4 << 10
	// MaxRouteHost bounds the host name of a route.
	MaxRouteHost = 253
	// MaxRoutePath bounds the path of a route.
	MaxRoutePath = 1 << 10

	// The sizes of numbers.

	// MaxMemoryBytes bounds the memory that a component may be given.
	MaxMemoryBytes = 1 << 40
	// MaxMillis bounds times in milliseconds: a week.
	MaxMillis = 7 * 24 * 3600 * 1000
	// MaxProbeFailures bounds how many bad probes in a row are borne.
	MaxProbeFailures = 1000
	// MaxQueue bounds how many calls wait for an instance.
	MaxQueue = 1 << 20
	// MaxToolRate bounds how many calls a caller may be let make in a minute.
	MaxToolRate = 1_000_000
	// MaxSecretVersion bounds the numbers of versions of secrets.
	MaxSecretVersion = 1 << 53
	// MaxTableElements bounds the elements that the tables of an instance may be given.
	MaxTableElements = 1 << 24
	// MaxBodyBytes bounds the bodies of requests and responses that may be granted.
	MaxBodyBytes = 1 << 40
	// MaxHostCalls bounds how often an instance may be let call its host.
	MaxHostCalls = 1 << 40
	// MaxLogRate bounds how many bytes a component may be let write to its log in a second.
	MaxLogRate = 1 << 30
	// MaxConnections bounds how many requests to the outside a component may be let have
	// under way on a host.
	MaxConnections = 1 << 16
	// MaxClockResolution bounds how coarse a component's clocks are, in microseconds: a
	// second, as what is sent between components and stores has times in seconds.
	MaxClockResolution = 1_000_000
)
