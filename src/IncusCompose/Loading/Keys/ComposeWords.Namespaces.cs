using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Loading.Keys;

/// <content>What an instance has of the host in the place of its own, and the groups of its process.</content>
internal static partial class ComposeWords
{
    private static ScalarShape<string> GroupNumber { get; } = new("a group's number such as `44`", text =>
        text == "root" ? new("0")
        : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new(number.ToString(CultureInfo.InvariantCulture))
        : new("", "is no number of a group", "write the number that the group has in the image; `getent group NAME` or its /etc/group tell it"))
    { ProblemId = "BadGroup", Pattern = "^([0-9]+|root)$" };

    private static ScalarShape<string> Ipc { get; } = Namespace("ipc", "shared memory", ["private", "none", "shareable"]);

    private static ScalarShape<string> Uts { get; } = Namespace("uts", "a name", ["private"]);

    private static ObjectShape<InstanceDefinition> AddNamespaces(ObjectShape<InstanceDefinition> instance) => instance
        .Add("ipc", Ipc, "`host`: it has the shared memory (`/dev/shm`) and the message queues of the host in place of its own", (made, value) => made with { HostIpc = value == "host" })
        .Add("uts", Uts, "`host`: it is called what the host is called (applications of OCI images)", (made, value) => made with { HostUts = value == "host" })
        .Add("group_add", OneOrMore(GroupNumber, "[44, 109]"), "Numbers of groups that an OCI image's program has beside its own", (made, value) => made with { ExtraGroups = [.. value.Distinct()] });

    /// <summary>Shared memory of the host is as large as it is.</summary>
    private static InstanceDefinition FinishNamespaces(InstanceDefinition instance, Problems say)
    {
        var device = InstanceForm.DeviceName("tmpfs", "/dev/shm");
        if (!instance.HostIpc || !say.Has("shm_size") || !instance.Devices.ContainsKey(device))
            return instance;
        say.Warning("IgnoredWord", "shm_size", "`shm_size` is passed over: with `ipc: host` its /dev/shm is the host's", "remove one of the two");
        return instance with { Devices = instance.Devices.Where(entry => entry.Key != device).ToDictionary().AsReadOnly() };
    }

    private static ScalarShape<string> Namespace(string word, string what, string[] own) => new("`host` or `private`", text =>
        text == "host" ? new(text)
        : own.Contains(text) ? new("private")
        : text.StartsWith("service:", StringComparison.Ordinal) || text.StartsWith("container:", StringComparison.Ordinal)
            ? new("", $"is not there: an instance has {what} of its own, or the host's, and none of another one", $"leave it out, or write `{word}: host` for both where they may be trusted with what is the host's")
            : new("", "is not known here", $"write `{word}: host`, or leave it out"))
    { ProblemId = "BadNamespace", Words = ["host", .. own] };
}
