using System.Net;

namespace Incus.Client;

/// <summary>
/// A request to an Incus server that did not succeed. <see cref="Exception.Message"/> says what went wrong
/// and, where there is one, what to do; it holds no secrets.
/// </summary>
public class IncusException : Exception
{
    /// <summary>Builds the exception.</summary>
    /// <param name="problem">What went wrong, one sentence.</param>
    /// <param name="advice">What to do about it, or null.</param>
    /// <param name="inner">The cause, or null.</param>
    public IncusException(string problem, string? advice = null, Exception? inner = null)
        : base(advice is null ? problem : $"{problem.TrimEnd('.')}. {advice}", inner)
    {
        Problem = problem;
        Advice = advice;
    }

    /// <summary>What went wrong, without the advice.</summary>
    public string Problem { get; }

    /// <summary>What to do about it; null where nothing sensible can be said.</summary>
    public string? Advice { get; }

    /// <summary>HTTP status, or the status code of a failed operation (400 or 401); null when no answer came.</summary>
    public HttpStatusCode? StatusCode { get; init; }

    /// <summary>The server's own words; null when it said nothing.</summary>
    public string? ServerMessage { get; init; }

    /// <summary>Id of the operation concerned; null for a plain request.</summary>
    public string? Operation { get; init; }

    /// <summary>Method and path of the request, such as <c>PUT /1.0/instances/web</c>, without its query.</summary>
    public string? Request { get; init; }
}

/// <summary>The thing asked for does not exist (404), or the client may not see it.</summary>
public sealed class IncusNotFoundException : IncusException
{
    /// <inheritdoc cref="IncusException(string, string?, Exception?)"/>
    public IncusNotFoundException(string problem, string? advice = null, Exception? inner = null) : base(problem, advice, inner) { }
}

/// <summary>The name is taken, or the thing is in the way of itself (409, or "already exists").</summary>
public sealed class IncusConflictException : IncusException
{
    /// <inheritdoc cref="IncusException(string, string?, Exception?)"/>
    public IncusConflictException(string problem, string? advice = null, Exception? inner = null) : base(problem, advice, inner) { }
}

/// <summary>Somebody else changed the resource since it was read (412): read it again and decide again.</summary>
public sealed class IncusPreconditionFailedException : IncusException
{
    /// <inheritdoc cref="IncusException(string, string?, Exception?)"/>
    public IncusPreconditionFailedException(string problem, string? advice = null, Exception? inner = null) : base(problem, advice, inner) { }
}

/// <summary>The client is known but may not do this (403).</summary>
public sealed class IncusForbiddenException : IncusException
{
    /// <inheritdoc cref="IncusException(string, string?, Exception?)"/>
    public IncusForbiddenException(string problem, string? advice = null, Exception? inner = null) : base(problem, advice, inner) { }
}

/// <summary>The server lacks an API extension that a feature needs.</summary>
public sealed class IncusExtensionMissingException : IncusException
{
    internal IncusExtensionMissingException(string extension, string feature, string serverVersion)
        : base(
            $"{feature} needs the API extension \"{extension}\", which this server (Incus {serverVersion}) does not have",
            "Upgrade the server, or do without it")
    {
        Extension = extension;
        Feature = feature;
        ServerVersion = serverVersion;
    }

    /// <summary>Name of the extension, as in <c>api_extensions</c>.</summary>
    public string Extension { get; }

    /// <summary>What needs it.</summary>
    public string Feature { get; }

    /// <summary>The server's version.</summary>
    public string ServerVersion { get; }
}

/// <summary>Why a server could not be reached.</summary>
public enum UnreachableReason
{
    /// <summary>None of the cases below; see the message.</summary>
    Other,
    /// <summary>There is no socket: Incus is not installed, not running, or elsewhere.</summary>
    NoDaemon,
    /// <summary>There is a socket but nobody listens on it: the daemon has stopped.</summary>
    NotRunning,
    /// <summary>The socket may not be opened by this user.</summary>
    NoPermission,
    /// <summary>Nothing listens at the address and port.</summary>
    Refused,
    /// <summary>The server's certificate is not the pinned one, or no known authority signed it.</summary>
    CertificateRefused,
    /// <summary>The server does not trust the client's certificate.</summary>
    CertificateNotTrustedByServer,
    /// <summary>The host name has no address.</summary>
    NameResolution,
    /// <summary>No answer in time.</summary>
    Timeout,
    /// <summary>The connection broke while a request was under way.</summary>
    ConnectionLost,
}

/// <summary>The server could not be reached, or the connection to it is not trusted by one side.</summary>
public sealed class IncusUnreachableException : IncusException
{
    /// <summary>Builds the exception.</summary>
    /// <param name="reason">Which case it is.</param>
    /// <param name="problem">What went wrong.</param>
    /// <param name="advice">What to do.</param>
    /// <param name="inner">The cause.</param>
    public IncusUnreachableException(UnreachableReason reason, string problem, string? advice = null, Exception? inner = null)
        : base(problem, advice, inner) => Reason = reason;

    /// <summary>Which case it is.</summary>
    public UnreachableReason Reason { get; }
}

/// <summary>An operation ran on the server and failed.</summary>
public sealed class IncusOperationException : IncusException
{
    /// <inheritdoc cref="IncusException(string, string?, Exception?)"/>
    public IncusOperationException(string problem, string? advice = null, Exception? inner = null) : base(problem, advice, inner) { }
}

/// <summary>
/// The outcome of an operation is unknown: the server no longer knows it, because it restarted or because the
/// connection was away for longer than the server remembers (five seconds). Read the resource again.
/// </summary>
public sealed class OperationLostException : IncusException
{
    /// <inheritdoc cref="IncusException(string, string?, Exception?)"/>
    public OperationLostException(string problem, string? advice = null, Exception? inner = null) : base(problem, advice, inner) { }
}
