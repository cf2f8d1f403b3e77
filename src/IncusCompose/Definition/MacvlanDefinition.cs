namespace IncusCompose.Definition;

/// <summary>An interface in the network that the host stands in, beside the host. Source: Incus doc/reference/devices_nic.md, macvlan.</summary>
/// <param name="Parent">The host's interface there; null: the one with its default route.</param>
public sealed record MacvlanDefinition(string? Parent = null)
{
    /// <summary>The word that stands for it.</summary>
    public const string Word = "macvlan";

    /// <summary>What every user of it should know once.</summary>
    public const string HostLimit =
        "the host and the instance do not reach each other over macvlan, only others in their network do; where that matters, attach it to a bridge as well";

    /// <summary>Reads <c>macvlan</c> or <c>macvlan:PARENT</c>; null for what is neither.</summary>
    /// <param name="text">The text.</param>
    public static MacvlanDefinition? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text == Word)
            return new MacvlanDefinition();
        return text.StartsWith(Word + ":", StringComparison.Ordinal) && text.Length > Word.Length + 1 ? new MacvlanDefinition(text[(Word.Length + 1)..]) : null;
    }

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => Parent is null ? Word : $"{Word}:{Parent}";
}
