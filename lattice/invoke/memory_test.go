package invoke_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"testing"
)

// heap is how many bytes are alive.
func heap() int64 {
	runtime.GC()
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

// watched looks at the heap as it passes bytes on.
type watched struct {
	counter
	most int64
}

func (w *watched) Write(p []byte) (int, error) {
	if w.n%(32<<20) < len(p) {
		w.most = max(w.most, heap())
	}
	return w.counter.Write(p)
}

// TestMemoryIsBounded sends a gibibyte to a host and back, of which neither side
// keeps more than a window.
func TestMemoryIsBounded(t *testing.T) {
	size := int64(1 << 30)
	if testing.Short() {
		size = 64 << 20
	}
	h := &handler{http: func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }}
	p := newPair(t, h, nil)
	before := heap()
	w := &watched{counter: counter{header: http.Header{}}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", io.LimitReader(zeros{}, size))
	if err := p.client.HTTP(w, r, p.host, call("c")); err != nil || int64(w.n) != size {
		t.Fatalf("%d bytes came back, error %v", w.n, err)
	}
	if grown := w.most - before; grown > 4<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	} else {
		t.Logf("the heap grew by %d KiB", grown>>10)
	}
}
