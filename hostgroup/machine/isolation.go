package machine

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// isolation infers what stands between this process and others.
func isolation(root fs.FS) (Isolation, []string) {
	for _, kind := range []struct {
		is    Isolation
		signs func(fs.FS) []string
	}{
		{GVisor, gvisorSigns}, {Kata, kataSigns}, {Container, containerSigns}, {VM, vmSigns},
	} {
		if found := kind.signs(root); len(found) > 0 {
			return kind.is, found
		}
	}
	return Process, []string{"no sign of a container or a hypervisor"}
}

// gvisorKernel is the build that gVisor's kernel says it is, in all versions.
const gvisorKernel = "#1 SMP Sun Jan 10 15:06:54 PST 2016"

func gvisorSigns(root fs.FS) []string {
	version := line(root, "proc/version")
	if strings.Contains(version, gvisorKernel) || strings.Contains(version, "gvisor") {
		return []string{"/proc/version is " + clip(version)}
	}
	return nil
}

func kataSigns(root fs.FS) (signs []string) {
	for word := range strings.FieldsSeq(line(root, "proc/cmdline")) {
		name, _, _ := strings.Cut(word, "=")
		// The settings of Kata's agent, and the target that its images start.
		if strings.HasPrefix(name, "agent.") || word == "systemd.unit=kata-containers.target" {
			signs = append(signs, "/proc/cmdline has "+clip(word))
		}
	}
	for _, m := range mounts(root) {
		if m.source == "kataShared" || strings.HasPrefix(m.point, "/run/kata-containers/") {
			signs = append(signs, fmt.Sprintf("%s is mounted from %s", clip(m.point), clip(m.source)))
			break
		}
	}
	return signs
}

var (
	// engineGroup matches the control groups that container engines make.
	engineGroup = regexp.MustCompile(`/(docker|kubepods|containerd|libpod|crio|lxc|lxc\.payload|machine\.slice/libpod|garden|ecs)[-./:]|cri-containerd|/docker-[0-9a-f]{64}`)
	// engineLayer matches the directories in which they keep images.
	engineLayer = regexp.MustCompile(`/(docker/overlay2|containerd/|containers/storage|rancher/k3s/agent/containerd|lxd|buildkit)`)
	// disk matches disks and partitions that are a machine's own.
	disk = regexp.MustCompile(`^/dev/((sd|vd|xvd|hd)[a-z]+\d*|nvme\d+n\d+(p\d+)?|mmcblk\d+(p\d+)?|root|pmem\d+(p\d+)?)$`)
)

func containerSigns(root fs.FS) (signs []string) {
	ownDisk := false
	for _, m := range mounts(root) {
		if m.point != "/" {
			continue
		}
		ownDisk = disk.MatchString(m.source)
		if m.kind == "overlay" && engineLayer.MatchString(m.options) {
			signs = append(signs, "the root is an overlay of a container engine's layers")
		}
	}
	for _, file := range []string{"proc/self/cgroup", "proc/1/cgroup"} {
		if group := engineGroup.FindString(text(root, file)); group != "" {
			signs = append(signs, fmt.Sprintf("/%s has %s", file, strings.Trim(group, "/-.:")))
		}
	}
	if ownDisk {
		return signs
	}
	for _, file := range []string{".dockerenv", "run/.containerenv", "run/systemd/container", "var/run/secrets/kubernetes.io"} {
		if exists(root, file) {
			signs = append(signs, "there is /"+file)
		}
	}
	if v := text(root, "proc/1/environ"); strings.HasPrefix(v, "container=") || strings.Contains(v, "\x00container=") {
		signs = append(signs, "the first process has the variable container")
	}
	return signs
}

// makers are parts of the names that hypervisors give to the machines they make.
var makers = []string{
	"QEMU", "KVM", "VMware", "VirtualBox", "innotek", "Xen", "Bochs", "Parallels", "BHYVE", "OpenStack", "Amazon EC2",
	"Google Compute Engine", "DigitalOcean", "Hetzner", "Apple Virtualization", "Alibaba Cloud ECS", "Firecracker", "Cloud Hypervisor", "vServer",
}

func vmSigns(root fs.FS) (signs []string) {
	product := line(root, "sys/class/dmi/id/product_name")
	for _, file := range []string{"sys_vendor", "product_name", "board_vendor", "bios_vendor"} {
		name := line(root, "sys/class/dmi/id/"+file)
		for _, maker := range makers {
			// Clouds rent out whole machines too.
			if strings.Contains(name, maker) && !strings.Contains(product, ".metal") {
				signs = append(signs, fmt.Sprintf("/sys/class/dmi/id/%s is %s", file, clip(name)))
				break
			}
		}
	}
	if line(root, "sys/class/dmi/id/sys_vendor") == "Microsoft Corporation" && product == "Virtual Machine" {
		signs = append(signs, "/sys/class/dmi/id/product_name is Virtual Machine")
	}
	if kind := line(root, "sys/hypervisor/type"); kind != "" {
		signs = append(signs, "/sys/hypervisor/type is "+clip(kind))
	}
	if made := line(root, "proc/device-tree/hypervisor/compatible"); made != "" {
		signs = append(signs, "the device tree names the hypervisor "+clip(made))
	}
	for l := range strings.Lines(text(root, "proc/cpuinfo")) {
		name, flags, _ := strings.Cut(l, ":")
		if strings.TrimSpace(name) == "flags" {
			if strings.Contains(" "+strings.TrimSpace(flags)+" ", " hypervisor ") {
				signs = append(signs, "/proc/cpuinfo has the flag hypervisor")
			}
			break
		}
	}
	return signs
}

// clip bounds what is quoted as evidence, and has it on one line.
func clip(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "?"))
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
