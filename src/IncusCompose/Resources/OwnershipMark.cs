namespace IncusCompose.Resources;

/// <summary>The mark that a stack leaves on a resource: whose it is, and what was last applied to it.</summary>
/// <param name="Stack">The owning stack's name.</param>
/// <param name="Project">The Incus project that the stack lives in (its networks may live in another).</param>
/// <param name="Key">The path of the definition in the file, such as <c>instances.web</c>.</param>
/// <param name="Applied">What was last applied: values, or digests of long and secret ones.</param>
internal sealed record OwnershipMark(string Stack, string Project, string Key, AppliedRecord Applied);
