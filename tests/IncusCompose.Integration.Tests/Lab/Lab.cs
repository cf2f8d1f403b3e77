using System.Diagnostics;
using System.Globalization;
using Incus.Client;

namespace IncusCompose.Integration.Tests.Lab;

/// <summary>A private Incus, started and stopped by <c>tests/lab/lab</c>; see tests/lab/README.md for what it promises.</summary>
public sealed class Lab : IAsyncDisposable
{
    private readonly bool _stop;

    private Lab(string name, IReadOnlyDictionary<string, string> environment, bool stop)
    {
        Name = name;
        Environment = environment;
        _stop = stop;
    }

    /// <summary>The lab's name.</summary>
    public string Name { get; }

    /// <summary>What <c>lab env</c> prints: <c>INCUS_SOCKET</c>, <c>INCUS_CONF</c>, <c>LAB_FREE_SUBNETS</c>, …</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>The daemon's Unix socket.</summary>
    public string Socket => Environment["INCUS_SOCKET"];

    /// <summary>6 or 7: <c>LAB_INCUS</c> says which the tests run on that need no certain one.</summary>
    public int IncusVersion => int.Parse(Environment["LAB_INCUS_VERSION"], CultureInfo.InvariantCulture);

    /// <summary>
    /// Whether it limits and counts what instances use. Incus 7 knows control groups of version 2 alone, and leaves that out
    /// where the machine has them of version 1 too.
    /// </summary>
    public bool CountsUsage => IncusVersion == 6 || File.Exists("/sys/fs/cgroup/cgroup.controllers");

    /// <summary>What the daemon calls a path of the machine that Incus 7 has something of its own for, such as <c>/usr</c>.</summary>
    public string OnMachine(string path) => IncusVersion == 6 ? path : "/run/machine" + path;

    /// <summary>No two labs of a machine have the same number: put it into names that the whole host sees (bridges).</summary>
    public string Number => Environment["LAB_NUMBER"];

    /// <summary>The first three numbers of the /24 networks that belong to this lab's tests, such as <c>10.213.65</c>.</summary>
    public IReadOnlyList<string> Subnets =>
        [.. Environment["LAB_FREE_SUBNETS"].Split(',').Select(subnet => subnet[..subnet.LastIndexOf('.')])];

    /// <summary>Its <c>https://127.0.0.1:PORT</c> address, only with <c>--https</c>.</summary>
    public string HttpsAddress => Environment["LAB_HTTPS_ADDRESS"];

    /// <summary>Starts a lab; it goes when the returned object does, and at the latest with this process.</summary>
    public static async Task<Lab> StartAsync(string name, params string[] options)
    {
        var output = await RunAsync(["start", name, "--owner", System.Environment.ProcessId.ToString(CultureInfo.InvariantCulture), .. options]);
        return new Lab(name, Parse(output), stop: true);
    }

    /// <summary>Uses a lab that somebody else started and will stop.</summary>
    public static async Task<Lab> JoinAsync(string name) => new(name, Parse(await RunAsync(["env", name])), stop: false);

    /// <summary>A client of its default project, over the Unix socket.</summary>
    public Task<IncusClient> ConnectAsync() => IncusClient.ConnectAsync(ConnectionOptions.Unix(Socket));

    /// <summary>SIGKILL for the daemon; containers, proxies and bridges stay.</summary>
    public Task KillAsync() => RunAsync(["kill", Name]);

    /// <summary>The same daemon again.</summary>
    public Task RestartAsync() => RunAsync(["restart", Name]);

    /// <summary>
    /// Alias of an image that boots systemd, cloud-init and sshd, imported now if it is not there. With
    /// <paramref name="broken"/> one whose cloud-init ends in error, everything else done. The first call on a machine
    /// builds it, in a minute; needs Debian.
    /// </summary>
    public async Task<string> SystemImageAsync(bool broken = false)
    {
        var alias = broken ? "debian-broken" : "debian";
        await VerbAsync("image", alias);
        return alias;
    }

    /// <summary>The lab's LAN with a DHCP server, made now if it is not there; for macvlan NICs.</summary>
    public async Task<Lan> LanAsync()
    {
        var environment = Parse(await VerbAsync("lan"));
        var subnet = environment["LAB_LAN_SUBNET"];
        return new Lan(environment["LAB_LAN"], subnet[..(subnet.LastIndexOf('.') + 1)]);
    }

    /// <summary>
    /// The lab's private OCI registry with the images <c>web</c> and <c>kv</c>, started now if it is not there; it asks for a
    /// password where one is given. Needs Incus 7, whose client configuration has it as the remote <c>oci</c>.
    /// </summary>
    public async Task<Registry> RegistryAsync(string? user = null, string? password = null)
    {
        var environment = Parse(user is null ? await VerbAsync("registry") : await VerbAsync("registry", "--auth", $"{user}:{password}"));
        var address = environment["LAB_REGISTRY"];
        return new Registry(address, user is null ? address : address.Replace("://", $"://{user}:{password}@", StringComparison.Ordinal), environment["LAB_REGISTRY_CA"]);
    }

    /// <summary>Runs a command as another machine of the LAN, from where a machine with a macvlan NIC is reached, and returns what it prints.</summary>
    public Task<string> OnLanAsync(params string[] command) => VerbAsync("lan", ["--", .. command]);

    /// <summary>Runs a command where the lab's links are, and returns what it prints.</summary>
    public Task<string> HostAsync(params string[] command) => VerbAsync("host", ["--", .. command]);

    /// <summary>Installs the packages of programs a test runs, each <c>PROGRAM:PACKAGE</c>, where the program is missing.</summary>
    public static Task InstallAsync(params string[] programs) => RunAsync(["install", .. programs]);

    /// <summary>Runs a verb of the lab for this lab, such as <c>token</c>.</summary>
    public Task<string> VerbAsync(string verb, params string[] arguments) => RunAsync([verb, Name, .. arguments]);

    private const string EndMark = "that-is-all";

    /// <summary>Runs Incus's own command against this lab and returns what it prints.</summary>
    public async Task<string> IncusAsync(params string[] arguments)
    {
        // Of what a command wrote inside, Incus's own command loses all now and then where the machine is busy: a mark at its
        // end tells. It is asked for again then, and not done again.
        var command = Array.IndexOf(arguments, "--") + 1;
        var isMarked = command > 0 && arguments.Take(command).Contains("exec");
        if (isMarked)
        {
            arguments =
            [
                .. arguments[..command], "sh", "-c",
                $$"""
                answer=/dev/.answer-{{Guid.NewGuid():N}} status=0
                if [ -e "$answer" ]; then cat "$answer"
                elif (: >"$answer") 2>/dev/null; then "$@" >"$answer"; status=$?; cat "$answer"
                else "$@"; status=$?; fi
                printf {{EndMark}}
                exit $status
                """,
                "sh", .. arguments[command..],
            ];
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var text = await RunAsync(["exec", Name, "--", .. arguments]);
                if (!isMarked || text.EndsWith(EndMark, StringComparison.Ordinal))
                    return isMarked ? text[..^EndMark.Length] : text;
                if (attempt == 8)
                    throw new InvalidOperationException($"what {string.Join(' ', arguments)} wrote is lost");
            }
            catch (InvalidOperationException error) when (attempt < 8 && error.Message.Contains("link show", StringComparison.Ordinal))
            {
                // A container of another lab stopped while the daemon walked through the host's links: not this test's matter.
            }
        }
    }

    /// <summary>The same, with something on its standard input.</summary>
    public Task<string> IncusReadingAsync(string input, params string[] arguments) => RunAsync(["exec", Name, "--", .. arguments], input);

    public async ValueTask DisposeAsync()
    {
        if (_stop)
            await RunAsync(["stop", Name]);
    }

    private static Dictionary<string, string> Parse(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2))
            .Where(parts => parts.Length == 2)
            .ToDictionary(parts => parts[0], parts => parts[1]);

    private static async Task<string> RunAsync(IEnumerable<string> arguments, string? input = null)
    {
        var start = new ProcessStartInfo(Repository.PathOf("tests/lab/lab")) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = input is not null };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }

        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"lab {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}:\n{await output}{await errors}");
    }
}

/// <summary>A LAN that a lab's macvlan NICs are attached to.</summary>
/// <param name="Link">The parent of such a NIC.</param>
/// <param name="Prefix">What the addresses of its leases begin with, such as <c>10.221.3.</c>.</param>
public sealed record Lan(string Link, string Prefix);

/// <summary>A private OCI registry.</summary>
/// <param name="Address">Its <c>https://127.0.0.1:PORT</c> address.</param>
/// <param name="AddressWithCredentials">The same with user and password in it, where it asks for them.</param>
/// <param name="Authority">The file with the certificate of its authority, which only the lab's Incus trusts.</param>
public sealed record Registry(string Address, string AddressWithCredentials, string Authority);
