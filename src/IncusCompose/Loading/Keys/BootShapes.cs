using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>What happens when the host starts and stops. Source: Incus doc/reference/instance_options.md, "Boot-related options".</summary>
internal static class BootShapes
{
    /// <summary>The value of <c>boot</c>.</summary>
    public static ConfigShape Boot { get; } = new ConfigShape()
        .Value("autostart", InstanceDefinition.AutostartKey, new ScalarShape<string>("`true`, `false` or `last-state`", text => text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" => new("true"),
            "false" or "no" or "off" => new("false"),
            "last-state" => new("last-state"),
            _ => new("", "is neither true, false nor last-state"),
        })
        { Pattern = "^last-state$|" + Scalars.Boolean.Pattern }, "As `autostart` beside `boot`; `last-state` says by name what is so where the key is missing")
        .Value("autostart_priority", InstanceDefinition.BootPriorityKey, OptionScalars.Number("a whole number such as `10`", int.MinValue, int.MaxValue), "As `boot_priority`: instances with a higher one start first with the host")
        .Value("autostart_delay", "boot.autostart.delay", Seconds, "How long the host waits after it before it starts the next")
        .Flag("autorestart", "boot.autorestart", "Whether it is started again where it ends by itself: up to ten times in a minute", needs: "instance_auto_restart")
        .Value("stop_priority", "boot.stop.priority", OptionScalars.Number("a whole number such as `10`", int.MinValue, int.MaxValue), "Instances with a higher one are stopped first with the host")
        .Value("host_shutdown_action", "boot.host_shutdown_action", OptionScalars.Choice("stop", "force-stop", "stateful-stop"), "What the host does to it when it goes down; `stop` where the key is missing")
        .Value("host_shutdown_timeout", "boot.host_shutdown_timeout", Seconds, "How long the host waits for it to stop, before it is ended; 30s where the key is missing")
        .Foreign("priority", "write `autostart_priority`")
        .Foreign("delay", "write `autostart_delay`")
        .Foreign("mode", "that is another program's word; of firmware, Incus has `security: {secureboot: …, csm: …}`")
        .Foreign("debug_edk2", "that is another program's word; Incus has it not");

    // Incus takes whole seconds.
    private static ScalarShape<string> Seconds => new("a time such as `30s`, `1m30s` or `30` (seconds)", text =>
        Duration.TryParse(text, out var time) && time.Ticks % TimeSpan.TicksPerSecond == 0
            ? new(((long)time.TotalSeconds).ToString(CultureInfo.InvariantCulture))
            : new("", "is no time in whole seconds"))
    { Pattern = "^[0-9.]+[a-zµ]*([0-9.]+[a-zµ]+)*$" };
}
