module github.com/wattle-dev/wattle/internal/oracle

go 1.26.8

require (
	github.com/google/go-cmp v0.7.0
	github.com/tetratelabs/wazero v1.12.0
	github.com/wattle-dev/wattle v0.0.0
)

require golang.org/x/sys v0.49.0 // indirect

replace github.com/wattle-dev/wattle => ../..
