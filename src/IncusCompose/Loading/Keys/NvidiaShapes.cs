using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>NVIDIA's libraries of the host. Source: Incus doc/reference/instance_options.md, "NVIDIA and CUDA configuration".</summary>
internal static class NvidiaShapes
{
    /// <summary>The value of <c>nvidia</c>.</summary>
    public static ConfigShape Nvidia { get; } = new ConfigShape()
        .Short("nvidia.runtime", OptionScalars.Flag)
        .Flag("runtime", "nvidia.runtime", "Whether the host's NVIDIA and CUDA libraries are there in it", InstanceType.Container)
        .List("driver_capabilities", "nvidia.driver.capabilities", ',', new ScalarShape<string>("a capability such as `compute`", text => text.Contains(' ', StringComparison.Ordinal) ? new("", "has a blank") : new(text)) { Pattern = "^[^ ]*$" }, "[compute, utility]", "What it uses of the driver; `compute,utility` where the key is missing", InstanceType.Container)
        .Value("require_cuda", "nvidia.require.cuda", Scalars.Word("a version such as `>=12.0`"), "The version of CUDA that it needs", InstanceType.Container)
        .Value("require_driver", "nvidia.require.driver", Scalars.Word("a version such as `>=535`"), "The version of the driver that it needs", InstanceType.Container);
}
