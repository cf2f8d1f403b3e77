namespace IncusCompose.Tests.Loading;

/// <summary>Pools and volumes, in the words of the file.</summary>
public class StorageTests
{
    [Fact]
    public void The_words_of_a_pool_are_its_configuration_and_raw_configuration_wins()
    {
        var pools = StackText.Load("""
            storage_pools:
              fast: {driver: btrfs, source: /dev/sdb, size: 20GiB, wipe: true, config: {btrfs.mount_options: compress=zstd, size: 30GiB}}
              wide: {driver: zfs, members: {node1: {source: /dev/sdb, zfs.pool_name: tank}, node2: {size: 50GiB}}}
            """).Definition!.StoragePools;

        Assert.Equal(("/dev/sdb", "30GiB", "true", "compress=zstd"), (pools["fast"].Config["source"], pools["fast"].Config["size"], pools["fast"].Config["source.wipe"], pools["fast"].Config["btrfs.mount_options"]));
        Assert.Equal("tank", pools["wide"].Members["node1"]["zfs.pool_name"]);
        Assert.Equal("50GiB", pools["wide"].Members["node2"]["size"]);
    }

    [Fact]
    public void What_a_volume_is_made_from_is_a_path_of_this_machine_from_the_stack_file_on()
    {
        var volumes = StackText.Require("""
            volumes:
              disc: {content_type: iso, source: ./install.iso}
              old: {import: ~/old.tar.gz}
              seeded: {content: ./seed, initial: {uid: 1000, gid: 100, mode: 0770}}
              several: {content: [./seed, {source: /srv/x, target: /conf/, uid: 7, gid: 8}]}
            """).Volumes;

        Assert.EndsWith("/shop/install.iso", volumes["disc"].Source);
        Assert.Equal("/home/ann/old.tar.gz", volumes["old"].Import);
        Assert.EndsWith("/shop/seed", Assert.Single(volumes["seeded"].Content).Source);
        Assert.Equal(("1000", "100", "0770"), (volumes["seeded"].Config["initial.uid"], volumes["seeded"].Config["initial.gid"], volumes["seeded"].Config["initial.mode"]));
        var placed = volumes["several"].Content[1];
        Assert.Equal(("/srv/x", "/conf", 7, 8), (placed.Source, placed.Target, placed.Uid, placed.Gid));
    }
}
