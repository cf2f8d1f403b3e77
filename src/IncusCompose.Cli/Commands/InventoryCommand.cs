using System.CommandLine;
using IncusCompose.Inventory;
using IncusCompose.Ssh;

namespace IncusCompose.Cli.Commands;

/// <summary><c>inventory</c>: the instances as Ansible takes them, as a file's text or as an inventory script answers.</summary>
internal sealed class InventoryCommand : AccessVerb
{
    private readonly Option<bool> _list = new("--list")
    {
        Description = "Answer as an inventory script: everything, as JSON.",
    };

    private readonly Option<string?> _host = new("--host")
    {
        Description = "Answer as an inventory script: the variables of one host, as JSON.",
        HelpName = "name",
    };

    private readonly Option<bool> _ini = new("--ini")
    {
        Description = "Write INI instead of YAML.",
    };

    private readonly Option<bool> _all = new("--all", "-a")
    {
        Description = "Every instance of the project, those of no stack too.",
    };

    private readonly Option<string> _connection = new("--connection")
    {
        Description = "Connection plugin for what has no SSH: community.general.incus or community.general.lxd.",
        HelpName = "plugin",
        DefaultValueFactory = _ => AnsibleInventory.DefaultConnection,
    };

    public InventoryCommand(Session session, NameCompletion names) : base("inventory", "Write an inventory for Ansible, from what is live.", session)
    {
        _host.CompletionSources.Add(names.Instances);
        Add(_list);
        Add(_host);
        Add(_ini);
        Add(_all);
        Add(_connection);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var list = invocation.Get(_list) || invocation.Json;
        var host = invocation.Get(_host);
        if ((list ? 1 : 0) + (host is null ? 0 : 1) + (invocation.Get(_ini) ? 1 : 0) > 1)
            throw new UsageException("One form at a time: --list, --host or --ini.");
        var instances = await ReadAsync(invocation, invocation.Get(_all), mayBeGone: invocation.Get(_list) || host is not null, cancellationToken);
        KnownHosts.Update(KnownHosts.UserFile, instances);
        var inventory = AnsibleInventory.Of(instances, KnownHosts.UserFile, invocation.Get(_connection)!);
        var text = host is not null
            ? InventoryText.Host(inventory, host)
            : invocation.Engine.WriteInventory(inventory, list ? InventoryFormat.Json : invocation.Get(_ini) ? InventoryFormat.Ini : InventoryFormat.Yaml);
        Session.Terminal.Out.Line(text.TrimEnd('\n'));
        return ExitCode.Success;
    }
}
