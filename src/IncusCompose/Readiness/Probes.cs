using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Instances;

namespace IncusCompose.Readiness;

/// <summary>Asks an instance once, from this machine or inside it. Each answers with why not, or with nothing where all is well.</summary>
internal static class Probes
{
    private const int LongestOutput = 500;

    private const string NoWay = "no way there";
    private const string NoAnswer = "no answer within";
    private const string NoServer = "what answers is no SSH server";

    private static readonly Dictionary<string, string> s_noVariables = [];

    // To an address that nobody answers at.
    private static readonly TimeSpan s_longestTry = TimeSpan.FromSeconds(2);

    /// <summary>Runs a health check once.</summary>
    /// <param name="client">The connection, in the instance's project.</param>
    /// <param name="name">The instance.</param>
    /// <param name="check">The check.</param>
    /// <param name="addresses">The instance's addresses, where they are known already.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<string> CheckHealthAsync(
        IncusClient client, string name, HealthCheckDefinition check, IReadOnlyList<string>? addresses, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Duration.Bounded(check.Timeout));
        try
        {
            return check.Probe switch
            {
                ExecProbe exec => await ExecAsync(client, name, exec, limit.Token).ConfigureAwait(false),
                TcpProbe tcp => await TcpAsync(addresses ?? await AddressesAsync(client, name, limit.Token).ConfigureAwait(false), tcp.Port, limit.Token).ConfigureAwait(false),
                HttpProbe http => await HttpAsync(addresses ?? await AddressesAsync(client, name, limit.Token).ConfigureAwait(false), http, limit.Token).ConfigureAwait(false),
                _ => throw new InvalidOperationException($"A health check by {check.Probe.GetType().Name} is not known."),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{check.Probe.Wanted}: no answer within {Duration.Format(check.Timeout)}";
        }
    }

    /// <summary>True for what is seen of an instance that is not reached at all, or of something else on the way to it: not even a closed port.</summary>
    public static bool IsUnreached(string failure) => Array.Exists([NoWay, NoAnswer, NoServer], sign => failure.Contains(": " + sign, StringComparison.Ordinal));

    /// <summary>Connects to a port.</summary>
    public static Task<string> TcpAsync(IReadOnlyList<string> addresses, int port, CancellationToken cancellationToken) =>
        AnyAsync(addresses, port, (_, _) => Task.FromResult(""), cancellationToken);

    /// <summary>Connects to a port and reads the identification of an SSH server.</summary>
    public static Task<string> SshAsync(IReadOnlyList<string> addresses, int port, CancellationToken cancellationToken) =>
        AnyAsync(addresses, port, GreetingAsync, cancellationToken);

    /// <summary>Sends a GET and looks at the status.</summary>
    public static Task<string> HttpAsync(IReadOnlyList<string> addresses, HttpProbe probe, CancellationToken cancellationToken) =>
        AnyAsync(addresses, probe.Port, (socket, limit) => AskAsync(socket, probe, limit), cancellationToken);

    private static async Task<IReadOnlyList<string>> AddressesAsync(IncusClient client, string name, CancellationToken cancellationToken) =>
        NicAddresses.Of(
            (await client.Instances.GetAsync(name, cancellationToken).ConfigureAwait(false)).Value,
            await client.Instances.GetStateAsync(name, cancellationToken).ConfigureAwait(false));

    private static async Task<string> ExecAsync(IncusClient client, string name, ExecProbe probe, CancellationToken cancellationToken)
    {
        try
        {
            // No more is kept of what it writes than is shown.
            var (output, problems) = (new CommandOutput(null, s_noVariables), new CommandOutput(null, s_noVariables));
            using var lines = new LineStream(output.Take);
            using var errors = new LineStream(problems.Take);
            var streams = new ExecStreams { StandardOutput = lines, StandardError = errors };
            var result = await client.Instances.ExecAsync(name, new ExecRequest { Command = probe.Command }, streams, cancellationToken).ConfigureAwait(false);
            return result.ExitCode == 0 ? "" : Output($"{probe.Wanted}: exit status {result.ExitCode}", $"{output.Kept}\n{problems.Kept}");
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            return $"{probe.Wanted}: {error.ServerMessage ?? error.Message}";
        }
    }

    /// <summary>What a command ended with, and the end of what it wrote.</summary>
    public static string Output(string outcome, string output)
    {
        output = Secrets.Mask("", output.Trim());
        if (output.Length == 0)
            return $"{outcome}, without output";
        return $"{outcome}; its output: {(output.Length > LongestOutput ? "…" + output[^LongestOutput..] : output)}";
    }

    /// <summary>Tries all addresses at once; one that answers is enough.</summary>
    private static async Task<string> AnyAsync(
        IReadOnlyList<string> addresses, int port, Func<Socket, CancellationToken, Task<string>> ask, CancellationToken cancellationToken)
    {
        if (addresses.Count == 0)
            return "it has no address yet";
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tries = addresses.Select(address => TryAsync(address, port, ask, others.Token)).ToList();
        var failure = "";
        try
        {
            await foreach (var one in Task.WhenEach(tries).ConfigureAwait(false))
            {
                var answer = await one.ConfigureAwait(false);
                if (answer.Length == 0)
                    return "";
                // The first address is the one that people know.
                if (failure.Length == 0 || one == tries[0])
                    failure = answer;
            }
        }
        finally
        {
            await others.CancelAsync().ConfigureAwait(false);
            await ((Task)Task.WhenAll(tries)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return failure;
    }

    private static async Task<string> TryAsync(string address, int port, Func<Socket, CancellationToken, Task<string>> ask, CancellationToken cancellationToken)
    {
        if (!IPAddress.TryParse(address, out var parsed))
            return $"{address} is no IP address";
        var place = new IPEndPoint(parsed, port);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_longestTry);
        try
        {
            using var socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(place, limit.Token).ConfigureAwait(false);
            var failure = await ask(socket, limit.Token).ConfigureAwait(false);
            return failure.Length == 0 ? "" : $"{place}: {failure}";
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown)
        {
            return $"{place}: {NoWay} ({error.Message})";
        }
        catch (Exception error) when (error is SocketException or IOException or HttpRequestException or System.Security.Authentication.AuthenticationException)
        {
            return $"{place}: {(error.InnerException ?? error).Message}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{place}: {NoAnswer} {Duration.Format(s_longestTry)}";
        }
    }

    private static async Task<string> GreetingAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var stream = new NetworkStream(socket, ownsSocket: false);
        var greeting = new byte[4];
        var count = await stream.ReadAtLeastAsync(greeting, greeting.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return Encoding.ASCII.GetString(greeting, 0, count) == "SSH-" ? "" : NoServer;
    }

    private static async Task<string> AskAsync(Socket socket, HttpProbe probe, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new NetworkStream(socket, ownsSocket: false)),
            SslOptions = new SslClientAuthenticationOptions
            {
                // Whether it answers is asked, not who it is; nothing is sent that a certificate would protect.
#pragma warning disable CA5359
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
            },
        };
        using var http = new HttpMessageInvoker(handler, disposeHandler: false);
        var host = (IPEndPoint)socket.RemoteEndPoint!;
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{(probe.Tls ? "https" : "http")}://{host}{probe.Path}"));
        using var response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var status = (int)response.StatusCode;
        return status >= probe.LeastStatus && status <= probe.MostStatus
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"status {status} {response.ReasonPhrase}").TrimEnd();
    }
}
