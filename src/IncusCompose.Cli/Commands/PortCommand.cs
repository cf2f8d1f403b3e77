using System.CommandLine;
using System.Globalization;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Instances;

namespace IncusCompose.Cli.Commands;

/// <summary><c>port</c>: at which address of the host a port of an instance is reached.</summary>
internal sealed class PortCommand : Verb
{
    private readonly Argument<string> _instance = new("instance")
    {
        Description = "Name of the instance.",
    };

    private readonly Argument<int?> _port = new("port")
    {
        Description = "Port in the instance. Default: all that are published.",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536)
                return port;
            result.AddError($"\"{result.Tokens[0].Value}\" is no port: a number from 1 to 65535.");
            return null;
        },
    };

    private readonly Option<int?> _index = ReplicaOption.Create();

    private readonly Option<string> _protocol = new("--protocol")
    {
        Description = "tcp or udp.",
        HelpName = "tcp|udp",
        DefaultValueFactory = _ => "tcp",
    };

    public PortCommand(Session session, NameCompletion names) : base("port", "Show at which address of the host a port of an instance is reached.", session)
    {
        _instance.CompletionSources.Add(names.Instances);
        _protocol.AcceptOnlyFromAmong("tcp", "udp");
        Add(_instance);
        Add(_port);
        Add(_protocol);
        Add(_index);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var name = invocation.Get(_instance)!;
        var wanted = invocation.Get(_port);
        await using var stack = await invocation.OpenStackAsync(cancellationToken);
        var instance = await invocation.Engine.FindInstanceAsync(stack.Client, stack.Name, name, invocation.Get(_index), cancellationToken);
        var ports = PublishedPort.Of(instance)
            .Where(port => wanted is null || port.Port == wanted && port.Protocol == invocation.Get(_protocol))
            .ToList();
        if (wanted is not null && ports.Count == 0)
        {
            var published = InstanceFacts.PortsOf(instance);
            throw new CommandException(
                $"port {wanted}/{invocation.Get(_protocol)} of instance \"{instance.Name}\" is not published; {(published.Count == 0 ? "none is" : $"it has: {string.Join(", ", published)}")}");
        }

        var output = Session.Terminal.Out;
        if (invocation.Json)
        {
            JsonLines.Write(output.Inner, ports.Select(PortDocument.From).ToList(), JsonDocuments.Indented.IReadOnlyListPortDocument);
        }
        else
        {
            foreach (var port in ports)
                output.Line(wanted is null ? $"{port.Port}/{port.Protocol} -> {port.HostAddress}" : port.HostAddress);
        }

        return ExitCode.Success;
    }
}
