using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Incus's agent in a virtual machine. Source: Incus doc/reference/instance_options.md, "Miscellaneous options".</summary>
internal static class AgentShapes
{
    /// <summary>The value of <c>agent</c>.</summary>
    public static ConfigShape Agent { get; } = new ConfigShape()
        .Flag("nic_config", "agent.nic_config", "Whether interfaces are called in it what they are called here, with their MTU", InstanceType.VirtualMachine)
        .Flag("metrics", "security.agent.metrics", "Whether the agent is asked for what it uses; `true` where the key is missing", InstanceType.VirtualMachine);
}
