using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.Resources;
using IncusCompose.Resources.Networks;

namespace IncusCompose.Tests.Checkpoints;

/// <summary>What a part of a stack takes along that is put back.</summary>
public sealed class RestorePlannerTests
{
    [Fact]
    public void A_network_that_is_made_again_for_a_part_brings_what_it_stands_on_and_what_lay_on_it()
    {
        var record = new CheckpointRecord
        {
            Id = "1", Name = "good", Stack = "shop", Project = "default",
            Networks = [Network("back", "doors"), Network("front", "others"), Network("there", "known")],
            Definitions =
            [
                Kept(new NetworkAddressSetKind().Describe(NetworkAddressSetKind.IdOf("hosts"), new NetworkAddressSet { Name = "hosts" })),
                Kept(Acl("doors", "$hosts")), Kept(Acl("others", "")), Kept(Acl("known", "")),
                Kept(Forward("back")), Kept(Forward("front")), Kept(Forward("there")),
            ],
        };
        // All is gone but for one network.
        var steps = record.Networks.Select(network => NetworkKind.IdOf(network.Name)).Concat(record.Definitions.Select(kept => kept.Id))
            .Select(id => new RestoreStep { Id = id, Action = id == NetworkKind.IdOf("there") ? RestoreAction.None : RestoreAction.Create }).ToList();

        var needed = RestorePlanner.WithTheirGround(record, steps, ["network/back", "network/there", "profile/default"]);

        Assert.Equal(
            ["network-acl/doors", "network-address-set/hosts", NetworkForwardKind.IdOf("back", "10.1.1.9").ToString(), "network/back", "network/there", "profile/default"],
            needed.Order(StringComparer.Ordinal));
    }

    private static KeptDefinition Network(string name, string acl) =>
        new() { Name = name, Type = "bridge", Config = new Dictionary<string, string> { ["security.acls"] = acl } };

    private static LiveResource Acl(string name, string source) =>
        new NetworkAclKind().Describe(NetworkAclKind.IdOf(name), new NetworkAcl { Name = name, Ingress = [new NetworkAclRule { Action = "allow", Source = source }] });

    private static LiveResource Forward(string network) =>
        new NetworkForwardKind().Describe(NetworkForwardKind.IdOf(network, "10.1.1.9"), new NetworkForward { ListenAddress = "10.1.1.9" });

    private static KeptResource Kept(LiveResource live) => KeptResource.Of(live);
}
