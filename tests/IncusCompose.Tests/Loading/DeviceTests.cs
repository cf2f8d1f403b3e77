using IncusCompose.Definition;

namespace IncusCompose.Tests.Loading;

/// <summary>Devices by name: what each kind of them has and needs.</summary>
public class DeviceTests
{
    private static readonly string[] s_keysOfIncus = File.ReadAllLines(Path.Combine(StackText.Here(), "device-keys.txt"));

    [Fact]
    public void Every_option_of_every_kind_is_known()
    {
        var known = DeviceOptions.All.Select(pair => $"{pair.Kind} {pair.Option.Key}").ToHashSet();
        Assert.DoesNotContain(s_keysOfIncus.SelectMany(line => line.StartsWith("unix-char-block ", StringComparison.Ordinal)
            ? new[] { line.Replace("unix-char-block", "unix-char"), line.Replace("unix-char-block", "unix-block") } : [line]), line => !known.Contains(line));
    }

    [Theory]
    [InlineData("{type: none}")]
    [InlineData("{type: disk, source: /srv, path: /srv, readonly: true, shift: yes, limits.max: 30MB, propagation: rslave}")]
    [InlineData("{type: disk, source: 'tmpfs:', path: /run, size: 10MiB, initial.mode: 1777}")]
    [InlineData("{type: disk, path: /, pool: default, size: 10GiB, initial.zfs.blocksize: 16KiB}")]
    [InlineData("{type: nic, network: unknown, ipv4.address: 10.0.0.5, security.acls: [web, ssh], vlan.tagged: [10, 20]}")]
    [InlineData("{type: nic, nictype: bridged, parent: br0, hwaddr: '10:66:6a:00:00:01', limits.max: 100Mbit}")]
    [InlineData("{type: nic, nictype: macvlan, parent: eno1, mode: vepa, vlan: 10}")]
    [InlineData("{type: nic, nictype: sriov, parent: eno1, security.mac_filtering: true}")]
    [InlineData("{type: nic, nictype: physical, parent: eno1}")]
    [InlineData("{type: nic, nictype: ipvlan, parent: eno1, mode: l2, ipv4.address: [10.0.0.5/24]}")]
    [InlineData("{type: nic, nictype: p2p, ipv4.routes: [10.0.0.5/32]}")]
    [InlineData("{type: nic, nictype: routed, parent: eno1, ipv4.address: 10.0.0.5, ipv4.neighbor_probe: false}")]
    [InlineData("{type: nic, network: overlay, nested: eth0, vlan: 5}")]
    [InlineData("{type: proxy, listen: 'tcp:0.0.0.0:80', connect: 'unix:/run/app.sock', proxy_protocol: false}")]
    [InlineData("{type: gpu}")]
    [InlineData("{type: gpu, pci: '01:00.0', uid: 1000, mode: 0660}")]
    [InlineData("{type: gpu, gputype: mig, mig.gi: 1, mig.ci: 2, vendorid: 10de}")]
    [InlineData("{type: usb, vendorid: 1d6b, productid: 0002, mode: 0660}")]
    [InlineData("{type: infiniband, nictype: sriov, parent: ib0}")]
    [InlineData("{type: unix-char, source: /dev/fuse, required: false}")]
    [InlineData("{type: unix-block, path: /dev/sdb}")]
    [InlineData("{type: unix-hotplug, vendorid: 1d6b}")]
    [InlineData("{type: tpm, path: /dev/tpm0, pathrm: /dev/tpmrm0}")]
    public void Every_kind_of_device_of_a_container_is_taken(string device) => StackText.Web($"devices: {{d: {device}}}");

    [Theory]
    [InlineData("{type: pci, address: '01:00.0'}")]
    [InlineData("{type: gpu, gputype: mdev, mdev: i915-GVTg_V5_4}")]
    [InlineData("{type: gpu, gputype: sriov, pci: '0000:01:00.0'}")]
    [InlineData("{type: disk, source: data, pool: default, io.bus: nvme, io.cache: unsafe, boot.priority: 5}")]
    [InlineData("{type: proxy, nat: true, listen: 'tcp:10.0.0.1:80', connect: 'tcp:0.0.0.0:80'}")]
    [InlineData("{type: nic, nictype: bridged, parent: br0, io.bus: usb, boot.priority: 1}")]
    [InlineData("{type: tpm}")]
    public void Every_kind_of_device_of_a_virtual_machine_is_taken(string device) => StackText.Web($"type: virtual-machine\ndevices: {{d: {device}}}");

    [Theory]
    [InlineData("{type: disk, source: x, path: /x, readony: true}", "a device `disk` has no option `readony`; did you mean `readonly`?")]
    [InlineData("{type: disk, source: x, path: x}", "`x` is no absolute path")]
    [InlineData("{type: disk, source: x}", "the device has no `path`; add `path:` with where it is mounted")]
    [InlineData("{type: disk, path: /}", "the device has no `pool`")]
    [InlineData("{type: disk, source: x, path: /x, size: 10g}", "`10g` is not a size that Incus knows; write `10GiB`")]
    [InlineData("{type: disk, source: x, path: /x, io.bus: nvme}", "only virtual machines have `io.bus` of a device `disk`, and this is a container")]
    [InlineData("{type: nic}", "the device has no `network`; add `network:` with the network that it is on, or `nictype:`")]
    [InlineData("{type: nic, network: lan, nictype: bridged}", "`network` says what kind of interface it is; remove one of the two")]
    [InlineData("{type: nic, nictype: brigded, parent: br0}", "`brigded` is not known here; did you mean `bridged`?")]
    [InlineData("{type: nic, nictype: macvlan}", "the device has no `parent`; add `parent:` with the host's interface")]
    [InlineData("{type: nic, nictype: macvlan, parent: eno1, ipv4.address: 10.0.0.5}", "a device `nic macvlan` has no option `ipv4.address`")]
    [InlineData("{type: nic, network: lan, hwaddr: x}", "`x` is not a MAC address")]
    [InlineData("{type: proxy, listen: 'tcp:80', connect: 'tcp:127.0.0.1:80'}", "`tcp:80` is no address to listen on or connect to")]
    [InlineData("{type: proxy, listen: 'tcp:0.0.0.0:80'}", "the device has no `connect`")]
    [InlineData("{type: gpu, pci: '1:0'}", "`1:0` is no PCI address")]
    [InlineData("{type: gpu, pci: '01:00.0', id: 0}", "`pci` says which one it is; remove one of the two")]
    [InlineData("{type: gpu, gputype: mdev, mdev: x}", "only virtual machines have a device `gpu mdev`")]
    [InlineData("{type: gpu, gputype: mig, mig.gi: 1}", "add `mig.uuid:` with the MIG device, or `mig.gi:` and `mig.ci:`")]
    [InlineData("{type: usb, vendorid: usb}", "`usb` is no number of a vendor or product")]
    [InlineData("{type: infiniband, nictype: physical}", "the device has no `parent`")]
    [InlineData("{type: unix-char}", "add `source:` with the device on the host such as `/dev/fuse`, or `path:`")]
    [InlineData("{type: unix-char, source: /dev/fuse, mode: rw}", "`rw` is no permission")]
    [InlineData("{type: unix-hotplug}", "the device has no `vendorid`")]
    [InlineData("{type: tpm, path: /dev/tpm0}", "the device has no `pathrm`")]
    [InlineData("{type: pci, address: '01:00.0'}", "only virtual machines have a device `pci`")]
    [InlineData("{type: none, path: /x}", "a device `none` has no option `path`")]
    public void What_a_kind_does_not_have_or_needs_is_said(string device, string problem) => Assert.Contains(problem, Assert.Single(StackText.WebProblems($"devices: {{d: {device}}}")));

    [Fact]
    public void The_kind_of_an_interface_is_that_of_its_network()
    {
        Assert.Contains("a device `nic macvlan` has no option `ipv4.address`", Assert.Single(StackText.WebProblems("devices: {eth0: {type: nic, network: lan, ipv4.address: 10.0.0.5}}", "networks: {lan: {type: macvlan, config: {parent: eno1}}}")));
        StackText.Web("devices: {eth0: {type: nic, network: lan, ipv4.address: 10.20.0.5}}", "networks: {lan: {ipv4: 10.20.0.1/24}}");
    }

    [Fact]
    public void What_only_the_server_knows_is_written_under_config()
    {
        var stack = StackText.Require("instances: {web: {devices: {d: {type: disk, source: x, path: /x, config: {new.option: 1, size: lots}}}}}");
        Assert.Equal([("new.option", "1"), ("path", "/x"), ("size", "lots"), ("source", "x"), ("type", "disk")], stack.Instances["web"].Devices["d"].OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value)));
        using var writer = new StringWriter();
        StackText.Loader.WriteResolved(stack, writer);
        Assert.Equal(stack.Instances["web"].Devices["d"].OrderBy(pair => pair.Key), StackText.Require(writer.ToString()).Instances["web"].Devices["d"].OrderBy(pair => pair.Key));
    }

    [Fact]
    public void A_PCI_address_is_as_the_server_writes_it() =>
        Assert.Equal("0000:0a:00.0", StackText.Web("devices: {d: {type: gpu, pci: '0A:00.0'}}").Devices["d"]["pci"]);
}
