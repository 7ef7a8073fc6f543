package component

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// descriptors returns the files that this process has open.
func descriptors(tb testing.TB) int {
	tb.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		tb.Fatal(err)
	}
	return len(fds)
}

// mappings returns the mappings of images, and of all there are.
func mappings(tb testing.TB) (images, all int) {
	tb.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Count(string(maps), "memfd:wattle-image"), bytes.Count(maps, []byte("\n"))
}

// TestImageRuns demands that an image is mapped in as few runs as its size
// allows, joined where the gaps are smallest.
func TestImageRuns(t *testing.T) {
	const gaps = ".##.#..#.......#" // pages that are used and not
	for _, test := range []struct {
		used string
		most int // pages
		want string
	}{
		{"...", 9, ""},
		{"#########", 9, "0-8"},
		{gaps, 15, "1-15"},
		{gaps, 14, "1-7 15-15"},
		{gaps, 8, "1-7 15-15"},
		{gaps, 7, "1-4 7-7 15-15"},
		{gaps, 5, "1-2 4-4 7-7 15-15"},
		{gaps, 4, ""},
	} {
		var used []bool
		for _, c := range test.used {
			used = append(used, c == '#')
		}
		var got []string
		for _, r := range imageRuns(used, uint64(test.most)<<16) {
			got = append(got, fmt.Sprintf("%d-%d", r.offset>>16, (r.offset+r.size)>>16-1))
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s in %d pages: runs %q, want %q", test.used, test.most, got, test.want)
		}
	}
}

// TestImageLeak demands that nothing is left of instances.
func TestImageLeak(t *testing.T) {
	count := 10_000
	if testing.Short() {
		count = 500
	}
	it := newImageTest(t)
	before := descriptors(t)
	c := it.load(dataComponent(12, segment{0, noise(1, 50_000)}, segment{9 << 16, noise(2, 50_000)}))
	in := it.instance(c)
	if got := descriptors(t); got != before+1 {
		t.Errorf("component has %d files open, want one", got-before)
	}
	images, all := mappings(t)
	if images != 2 {
		t.Errorf("instance has %d mappings of its image, want two", images)
	}
	for i := range count {
		other := it.instance(c)
		if i%100 == 0 {
			it.call(other, "set", i)
		}
		other.Close()
	}
	gotImages, gotAll := mappings(t)
	// One instance is idle. The heap has mappings too, and may have grown.
	if gotImages != 2*images || gotAll > all+100 {
		t.Errorf("after %d instances there are %d mappings of images and %d in all, before there were %d and %d", count, gotImages, gotAll, images, all)
	}
	if got := memoryOf(in)[1]; got != noise(1, 2)[1] {
		t.Errorf("memory holds %d after other instances were closed", got)
	}
	in.Close()
	it.close(c)
	if got := descriptors(t); got != before {
		t.Errorf("%d files are open after the component was closed, before there were %d", got, before)
	}
	in.Close()
	if got, _ := mappings(t); got != 0 {
		t.Errorf("%d mappings of images are left", got)
	}
}

// TestImageSealed demands that nobody can change an image.
func TestImageSealed(t *testing.T) {
	it := newImageTest(t)
	c := it.load(dataComponent(1, segment{0, noise(1, 50_000)}))
	defer it.close(c)
	f := c.plan.modules[0].image.file
	if _, err := f.WriteAt([]byte("x"), 0); err == nil {
		t.Error("image can be written to")
	}
	for _, size := range []int64{0, 1 << 20} {
		if err := f.Truncate(size); err == nil {
			t.Errorf("size of image can be changed to %d", size)
		}
	}
	if b, err := unix.Mmap(int(f.Fd()), 0, 1<<16, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
		_ = unix.Munmap(b)
		t.Error("image can be mapped for writing")
	}
	runtime.KeepAlive(f)
}

// TestImageWithoutFile demands that images are copied when the system refuses
// to open another file.
func TestImageWithoutFile(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	it := newImageTest(t)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	content := noise(1, 100_000)
	c, err := it.Load(t.Context(), dataComponent(2, segment{0, content}), nil)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer it.close(c)
	if c.plan.modules[0].image.file != nil {
		t.Error("image has a file")
	}
	in := it.instance(c)
	defer in.Close()
	if !bytes.HasPrefix(memoryOf(in), content) {
		t.Error("memory does not start with the data")
	}
}
