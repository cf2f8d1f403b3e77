using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Validation;

/// <summary>A project that the stack makes has room for what the file says, or the file is refused without a server.</summary>
public class ProjectLimitTests
{
    [Theory]
    [InlineData("instances: 1", "web: {}, db: {}", "project.limits.instances: there may be 1 instances in the project, and the stack has 2")]
    [InlineData("containers: 2", "web: { replicas: 3 }", "project.limits.containers: there may be 2 containers in the project, and the stack has 3")]
    [InlineData("virtual_machines: 0", "web: { type: virtual-machine }", "project.limits.virtual_machines: there may be 0 virtual machines")]
    [InlineData("memory: 100MiB", "web: { memory: 50% }", "instances.web.memory: the project limits what all its instances have of it together (limits.memory), and `50%` cannot be counted")]
    [InlineData("cpu: 4", "web: { cpu: 0-1 }", "instances.web.cpu: the project limits")]
    [InlineData("memory: 100MiB", "web: { memory: 60MiB, replicas: 2 }", "project.limits.memory: the instances of the project may have 100MiB between them (limits.memory), and those of the stack would have 120 MiB")]
    public void What_the_file_itself_has_no_room_for_is_said_at_its_place(string limits, string instances, string problem) =>
        Assert.Contains(problem, Assert.Single(StackText.Problems($"project: {{ create: true, limits: {{ {limits} }} }}\ninstances: {{ {instances} }}")), StringComparison.Ordinal);

    [Theory]
    [InlineData("create: true, limits: { instances: 2, memory: 100MiB, cpu: 3 }", "web: { memory: 60MiB, cpu: 2 }, db: { profiles: [small] }")]
    [InlineData("create: true, limits: { processes: 10 }", "web: { type: virtual-machine }")]
    [InlineData("create: true", "web: { memory: 50% }")]
    public void What_fits_or_only_a_server_knows_is_left_alone(string project, string instances) =>
        StackText.Require($"project: {{ {project} }}\ninstances: {{ {instances} }}");
}
