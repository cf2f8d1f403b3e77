using System.Globalization;
using System.Text;
using IncusCompose.Diagnostics;

namespace IncusCompose.Readiness;

/// <summary>
/// What was waited for did not come in time, or cannot come any more. The message says what was waited for and why it did
/// not come, with the last output and the end of the instance's console.
/// </summary>
public sealed class NotReadyException : Exception
{
    /// <summary>Makes an empty one.</summary>
    public NotReadyException()
    {
    }

    /// <summary>Makes one with a message.</summary>
    /// <param name="message">What was waited for and why it did not come.</param>
    public NotReadyException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with a message and a cause.</summary>
    /// <param name="message">What was waited for and why it did not come.</param>
    /// <param name="innerException">The cause.</param>
    public NotReadyException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>What is waited for of what runs to its end.</summary>
    internal const string End = "its end";

    private NotReadyException(string failure, string instance, string wanted, bool final, string reason, ConsoleTail? console)
        : base(failure + console?.Text)
    {
        _failure = failure;
        IsFinal = final;
        Instance = instance;
        Wanted = wanted;
        Reason = reason;
        _console = console;
    }

    // The message without the console's end.
    private readonly string _failure = "";
    private readonly ConsoleTail? _console;

    /// <summary>The instance's name.</summary>
    public string Instance { get; } = "";

    /// <summary>What was waited for, such as <c>an open TCP port 5432</c>.</summary>
    public string Wanted { get; } = "";

    /// <summary>True where it cannot come any more, however long it is waited for.</summary>
    public bool IsFinal { get; }

    /// <summary>Why it did not come: what was seen last.</summary>
    public string Reason { get; } = "";

    /// <summary>The last lines of the instance's console; empty where there are none to be had.</summary>
    public IReadOnlyList<string> ConsoleTail => _console?.Lines ?? [];

    /// <param name="instance">The instance's name.</param>
    /// <param name="wanted">What was waited for.</param>
    /// <param name="waited">How long; null where it cannot come any more.</param>
    /// <param name="reason">What was seen last.</param>
    /// <param name="console">The end of its console; null where that has nothing to do with it.</param>
    internal static NotReadyException For(string instance, string wanted, TimeSpan? waited, string reason, ConsoleTail? console)
    {
        reason = Secrets.Mask("", reason.Trim());
        var verb = wanted.StartsWith("healthy", StringComparison.Ordinal) ? "become" : wanted == End ? "come to" : "get";
        var message = new StringBuilder($"{instance} did not {verb} {wanted}");
        if (waited is { } time)
            message.Append(CultureInfo.InvariantCulture, $" within {time.TotalSeconds:0.#} s");
        if (reason.Length > 0)
            message.Append($": {reason}");
        return new NotReadyException(message.ToString(), instance, wanted, waited is null, reason, console);
    }

    /// <summary>The same failure, beside others of the same instance.</summary>
    internal NotReadyException Beside(IReadOnlyList<NotReadyException> others)
    {
        if (others.Count == 0)
            return this;
        // Who read the console first has taken what it said.
        var console = others.Select(other => other._console).Prepend(_console).OfType<ConsoleTail>().OrderByDescending(tail => tail.Lines.Count > 0).FirstOrDefault();
        return new NotReadyException(_failure + string.Concat(others.Select(other => $"\nnor {other.Wanted}: {other.Reason}")), Instance, Wanted, IsFinal, Reason, console);
    }
}
